import CEvent

/// Signals of the process, handled on an event loop. Only one loop of a process may watch signals.
package final class SignalWatch {
    private final class Source {
        let signal: Int32
        let handler: (Int32) -> Void
        var event: Event?

        init(_ signal: Int32, _ handler: @escaping (Int32) -> Void) {
            self.signal = signal
            self.handler = handler
        }
    }

    private var sources: [Source]
    /// Retained, so that its base outlives the events.
    private let loop: EventLoop

    /// On the loop.
    package init(_ signals: [Int32], on loop: EventLoop, handler: @escaping (Int32) -> Void) {
        loop.preconditionCurrent()
        self.loop = loop
        sources = signals.map { Source($0, handler) }
        for source in sources {
            let context = Unmanaged.passUnretained(source).toOpaque()
            source.event = Event(
                loop.base, source.signal, LibEvent.signal | LibEvent.persistent, context
            ) { _, _, context in
                guard let context else { return }
                let source = Unmanaged<Source>.fromOpaque(context).takeUnretainedValue()
                source.handler(source.signal)
            }
            source.event?.add()
        }
    }

    deinit { cancel() }

    /// Restores the signals' previous handlers.
    package func cancel() {
        sources = []
    }
}
