/// A timer for one moment, which may be set again. It belongs to the loop's thread, and its owner keeps it.
package final class LoopTimer {
    /// Held, so that its base outlives the event.
    private let loop: EventLoop
    private var event: Event?
    var handler: (() -> Void)?

    init(_ loop: EventLoop, _ handler: @escaping () -> Void) {
        self.loop = loop
        self.handler = handler
    }

    deinit { event = nil }

    /// Calls the handler once after `delay`, replacing an earlier schedule.
    package func schedule(after delay: Duration) {
        if event == nil {
            event = Event(loop.base, -1, 0, Unmanaged.passUnretained(self).toOpaque()) { _, _, context in
                guard let context else { return }
                // Holds the timer during the call: the handler may drop it.
                Unmanaged<LoopTimer>.fromOpaque(context).takeUnretainedValue().handler?()
            }
        }
        event?.add(after: delay)
    }

    /// Cancels the timer, until it is scheduled again.
    package func cancel() {
        event?.remove()
    }
}
