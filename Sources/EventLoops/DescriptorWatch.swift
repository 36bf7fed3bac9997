import CEvent

/// Interest in a descriptor on an event loop. It belongs to the loop's thread.
///
/// Cancel it before the descriptor is closed. The loop doesn't keep it: its owner does.
package final class DescriptorWatch {
    /// Retained, so that its base outlives the events.
    private let loop: EventLoop
    private let descriptor: Int32
    private var reading: Event?
    private var writing: Event?
    private var handler: ((Readiness) -> Void)?

    /// What the handler is called for; empty to pause.
    package var interest: Readiness {
        didSet { if handler != nil, interest != oldValue { change(from: oldValue) } }
    }

    init(
        _ loop: EventLoop, _ descriptor: Int32, _ interest: Readiness, _ handler: @escaping (Readiness) -> Void
    ) {
        self.loop = loop
        self.descriptor = descriptor
        self.interest = interest
        self.handler = handler
        change(from: [])
    }

    deinit { cancel() }

    /// Ends the interest and lets go of the handler. Idempotent.
    package func cancel() {
        reading = nil
        writing = nil
        handler = nil
    }

    private func change(from old: Readiness) {
        let changed = interest.symmetricDifference(old)
        if changed.contains(.read) { wait(interest.contains(.read), for: LibEvent.read, &reading, Self.isReadable) }
        if changed.contains(.write) { wait(interest.contains(.write), for: LibEvent.write, &writing, Self.isWritable) }
    }

    /// Created on first use: most descriptors are never watched for writability.
    private func wait(_ isWanted: Bool, for what: Int16, _ event: inout Event?, _ callback: event_callback_fn) {
        guard isWanted else {
            event?.remove()
            return
        }
        if event == nil {
            let context = Unmanaged.passUnretained(self).toOpaque()
            event = Event(loop.base, descriptor, what | LibEvent.persistent, context, callback)
        }
        event?.add()
    }

    private static let isReadable: event_callback_fn = { _, _, context in handle(.read, context) }
    private static let isWritable: event_callback_fn = { _, _, context in handle(.write, context) }

    /// Holds the watch during the call: the handler may drop it.
    private static func handle(_ readiness: Readiness, _ context: UnsafeMutableRawPointer?) {
        guard let context else { return }
        let watch = Unmanaged<DescriptorWatch>.fromOpaque(context).takeUnretainedValue()
        guard let handler = watch.handler, watch.interest.contains(readiness) else { return }
        handler(readiness)
    }
}
