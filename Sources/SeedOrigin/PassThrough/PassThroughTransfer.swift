import EventLoops
import HTTPTransfers
package import SeedSupport

/// The client's end of a request that passes through. It lives on the client's loop.
package final class PassThroughTransfer {
    let id: UInt64
    let pipe = PassThroughPipe()
    private let dispatcher: LoopState<OriginDispatcher>
    /// Nil after the end. It refers to what lives on the client's loop, so it must not be dropped on the driver's.
    private var handler: ((PassThroughEvent) -> Void)?

    init(_ id: UInt64, _ dispatcher: LoopState<OriginDispatcher>, _ handler: @escaping (PassThroughEvent) -> Void) {
        self.id = id
        self.dispatcher = dispatcher
        self.handler = handler
    }

    /// So many bytes of the response's body were passed on: as many more may come.
    package func took(_ count: Int) {
        if pipe.took(count) { onDriver { $0.resume() } }
    }

    /// Sends bytes of the request's body. They are always taken.
    /// - Returns: false if no more should be sent until `bodyWanted`.
    @discardableResult
    package func send(_ bytes: Bytes) -> Bool {
        guard handler != nil, bytes.count > 0 else { return handler != nil }
        let (hasRoom, mustWake) = pipe.send(bytes)
        if mustWake { onDriver { $0.resumeSending() } }
        return hasRoom
    }

    /// The request's body is complete.
    package func endBody() {
        if pipe.endBody() { onDriver { $0.resumeSending() } }
    }

    /// Ends it: no event follows. After the end it does nothing.
    package func cancel() {
        guard handler != nil else { return }
        handler = nil
        dispatcher.post { [id] in $0.cancelPassThrough(id) }
    }

    func deliver(_ event: PassThroughEvent) {
        let handler = handler
        if case .end = event { self.handler = nil }
        handler?(event)
    }

    private func onDriver(_ work: @escaping @Sendable (PassThroughExchange) -> Void) {
        dispatcher.post { [id] dispatcher in
            if let exchange = dispatcher.passThrough(id) { work(exchange) }
        }
    }
}
