package import EventLoops
package import SeedSupport

/// Listens, and serves every connection on one of its event loops: HTTP/1.1 and HTTP/1.0 (RFC 9112).
///
/// It ends by `drain`, with its loops, or when it is released, which cuts its connections.
package final class Server: Sendable {
    /// Where it listens, with the real ports.
    package let addresses: [SocketAddress]
    package let counters: ServerCounters
    let limits: ServerLimits
    private let listeners: [Listener]
    private let places: [Place]

    /// One of the loops, and what the server has there.
    private struct Place: Sendable {
        let eventLoop: EventLoop
        let loop = Lock<LoopBound<ServerLoop>?>(nil)

        /// Calls `body` on the loop, with nil when the server has left it; at once on this thread if the loop has ended.
        func post(_ body: @escaping @Sendable (ServerLoop?) -> Void) {
            let isPosted = eventLoop.post { [loop] in body(loop.withLock { $0 }?.value) }
            if !isPosted { body(nil) }
        }

        func begin(_ make: @escaping @Sendable (EventLoop, @escaping () -> Void) -> ServerLoop) {
            eventLoop.post { [eventLoop, loop] in
                // Its release may use the server again, so not under the lock.
                let server = make(eventLoop) { _ = loop.withLock { $0.take() } }
                loop.withLock { $0 = LoopBound(server, on: eventLoop) }
            }
        }
    }

    private init(
        _ listeners: [Listener], _ places: [Place], _ limits: ServerLimits, _ counters: ServerCounters
    ) {
        addresses = listeners.map(\.address)
        self.limits = limits
        self.listeners = listeners
        self.places = places
        self.counters = counters
    }

    /// Begins to listen.
    /// - Parameters:
    ///   - loops: at least one; several servers may share them.
    ///   - application: called once on each of them.
    package static func start(
        _ configuration: ServerConfiguration, loops: [EventLoop],
        application: @escaping @Sendable (EventLoop) -> any Application
    ) throws(ListenError) -> Server {
        let limits = ServerLimits(configuration)
        let counters = ServerCounters(loops: loops.map { _ in LoopCounters() })
        let places = loops.map { Place(eventLoop: $0) }
        for (place, counters) in zip(places, counters.loops) {
            // Before the first connection: a loop does things in the order they were posted.
            place.begin { loop, hasLeft in
                ServerLoop(on: loop, configuration, limits, counters, application(loop), hasLeft: hasLeft)
            }
        }
        return Server(try listen(configuration, places, counters), places, limits, counters)
    }

    /// - Throws: why one of the addresses can't be listened on; the others are closed again then.
    private static func listen(
        _ configuration: ServerConfiguration, _ places: [Place], _ counters: ServerCounters
    ) throws(ListenError) -> [Listener] {
        let handler = Listener.Handler(
            load: { Int(counters.loops[$0].connections.current) },
            accept: { socket, loop in
                let place = places.first { $0.eventLoop === loop }
                guard let bound = place?.loop.withLock({ $0 }) else { return Socket.reset(socket.descriptor) }
                bound.value.accept(socket)
            },
            refused: { counters.loops[0].connectionsRefused.add() })
        var listeners: [Listener] = []
        do throws(ListenError) {
            if let socket = configuration.inheritedSocket {
                let loops = places.map(\.eventLoop)
                return [
                    try Listener.adopt(socket, unsentLimit: WriteLimits.unsent, loops: loops, handler: handler)
                ]
            }
            for address in configuration.addresses {
                listeners.append(
                    try Listener.listen(
                        on: address, unsentLimit: WriteLimits.unsent, loops: places.map(\.eventLoop), handler: handler))
            }
        } catch {
            end(listeners, places)
            throw error
        }
        return listeners
    }

    deinit { Self.end(listeners, places) }

    /// Cuts connections that are not draining.
    private static func end(_ listeners: [Listener], _ places: [Place]) {
        for listener in listeners { listener.close() }
        for place in places {
            place.post { server in
                if let server, !server.isDraining { server.drain(within: .zero) { _ in } }
            }
        }
    }

    /// Calls `body` with the application of each loop, on that loop.
    /// - Parameter done: called when it has been called for all that the server has not left.
    package func onEachLoop(
        _ body: @escaping @Sendable (any Application) -> Void, then done: @escaping @Sendable () -> Void = {}
    ) {
        let countdown = Countdown(places.count) { _ in done() }
        for place in places {
            place.post { server in
                if let server { body(server.application) }
                countdown.step()
            }
        }
    }

    /// Serves on, new connections as well, but with `Connection: close` on each response, so that clients come to open
    /// their connections elsewhere.
    package func leave() {
        for place in places { place.post { $0?.leave() } }
    }

    /// Closes the listeners and idle connections at once, lets present requests finish, and cuts them after `limit`.
    /// - Parameter done: called on some thread when no connection is left.
    package func drain(within limit: Duration, then done: @escaping @Sendable (DrainOutcome) -> Void) {
        leave()
        let countdown = Countdown(places.count, done)
        // Connections that the listeners give to the loops at their end come before the drain there.
        let closed = Countdown(listeners.count) { [self] _ in
            for place in places {
                place.post { server in
                    guard let server else { return countdown.step() }
                    server.drain(within: limit) { countdown.step($0) }
                }
            }
        }
        for listener in listeners { listener.close { closed.step() } }
    }

    /// The same, waiting for the end.
    @discardableResult
    package func drain(within limit: Duration) async -> DrainOutcome {
        await withCheckedContinuation { continuation in
            drain(within: limit) { continuation.resume(returning: $0) }
        }
    }
}

/// Calls a closure after a number of steps, from any thread, with the sum of their outcomes.
private final class Countdown: Sendable {
    private let state: Lock<(left: Int, sum: DrainOutcome)>
    private let done: @Sendable (DrainOutcome) -> Void

    init(_ count: Int, _ done: @escaping @Sendable (DrainOutcome) -> Void) {
        state = Lock((count, DrainOutcome()))
        self.done = done
        if count == 0 { done(DrainOutcome()) }
    }

    func step(_ outcome: DrainOutcome = DrainOutcome()) {
        let sum: DrainOutcome? = state.withLock { state in
            state.left -= 1
            state.sum = state.sum + outcome
            return state.left == 0 ? state.sum : nil
        }
        if let sum { done(sum) }
    }
}
