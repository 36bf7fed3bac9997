package import SeedSupport
import Synchronization

/// The store's own threads for blocking work: a fixed number, first in, first out.
package final class StoreThreads: Sendable {
    /// A piece of blocking work.
    package typealias Work = @Sendable () -> Void

    private struct Queue {
        var work = FIFO<Work>()
        var isClosed = false
    }

    /// Since when a thread has been doing one piece of work.
    private final class Activity: Sendable {
        let name: String
        /// A point of `MonotonicTime`; 0 while there is nothing to do.
        private let began = Atomic<Int64>(0)

        init(_ name: String) {
            self.name = name
        }

        func of(_ work: Work) {
            began.store(MonotonicTime.coarseNow().nanoseconds, ordering: .relaxed)
            work()
            began.store(0, ordering: .relaxed)
        }

        func began(before moment: MonotonicTime) -> Bool {
            let began = began.load(ordering: .relaxed)
            return began != 0 && began < moment.nanoseconds
        }
    }

    private let queue = Monitor(Queue())
    private let activities: [Activity]
    private let threads: [PlatformThread]

    /// Starts `count` threads, at least one.
    package init(count: Int, name: String = "store") {
        activities = (0..<max(count, 1)).map { Activity("\(name)-\($0)") }
        threads = activities.map { [queue] activity in
            PlatformThread(name: activity.name) { Self.serve(queue, activity) }
        }
    }

    package var count: Int { threads.count }

    /// Queues `work`; never blocks. False when the threads have been shut down: then the work is dropped.
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

    /// Refuses further work, finishes what is queued and ends the threads. Blocking; not from one of these threads.
    package func shutdown() {
        queue.signal { $0.isClosed = true }
        for thread in threads { thread.join() }
    }

    /// The names of the threads that have been busy with one piece of work since before `moment`.
    package func busy(since moment: MonotonicTime) -> [String] {
        activities.filter { $0.began(before: moment) }.map(\.name)
    }

    private static func serve(_ queue: Monitor<Queue>, _ activity: Activity) {
        while let work = next(queue) { activity.of(work) }
    }

    private static func next(_ queue: Monitor<Queue>) -> Work? {
        queue.wait { queue in
            if let work = queue.work.popFirst() { return .go(work) }
            return queue.isClosed ? .go(nil) : .wait(until: nil)
        }
    }
}
