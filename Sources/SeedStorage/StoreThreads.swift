import SeedSupport

/// The store's own blocking threads: a fixed number, work in the order it came.
package final class StoreThreads: Sendable {
    /// A piece of blocking work.
    package typealias Work = @Sendable () -> Void

    private struct Queue {
        var work = FIFO<Work>()
        var isClosed = false
    }

    private let queue = Monitor(Queue())
    private let threads: [PlatformThread]

    /// Starts `count` threads, at least one.
    package init(count: Int, name: String = "store") {
        threads = (0..<max(count, 1)).map { [queue] number in
            PlatformThread(name: "\(name)-\(number)") { Self.serve(queue) }
        }
    }

    package var count: Int { threads.count }

    /// Queues `work`; never blocks. False when the threads have been shut down: the work is not done and its closure
    /// dropped.
    @discardableResult
    package func run(_ work: @escaping Work) -> Bool {
        var accepted = false
        queue.signalOneIfNeeded { queue in
            guard !queue.isClosed else { return false }
            queue.work.append(work)
            accepted = true
            return true
        }
        return accepted
    }

    /// Refuses further work, does what is queued and ends the threads. Blocking; not from one of these threads.
    package func shutdown() {
        queue.signal { $0.isClosed = true }
        for thread in threads { thread.join() }
    }

    private static func serve(_ queue: Monitor<Queue>) {
        while let work = next(queue) { work() }
    }

    private static func next(_ queue: Monitor<Queue>) -> Work? {
        queue.wait { queue in
            if let work = queue.work.popFirst() { return .go(work) }
            return queue.isClosed ? .go(nil) : .wait(until: nil)
        }
    }
}
