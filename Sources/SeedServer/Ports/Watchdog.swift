import EventLoops
import SeedStorage
import SeedSupport

/// Checks periodically whether threads still take work, and knows which ones have hung (rule:watchdog).
///
/// Each check is a work item that a healthy thread runs at once. A process that was suspended as a whole has no check
/// outstanding when it resumes.
final class Watchdog: Sendable {
    /// How often threads are asked.
    static let interval = Duration.seconds(2)
    /// How long a thread may take to reply.
    static let limit = Duration.seconds(10)

    /// A thread, or a group of them with one queue.
    struct Watched: Sendable {
        let name: String
        /// Posts the check, which calls `answer` on the thread. False if the thread has ended.
        let ask: @Sendable (_ answer: @escaping @Sendable () -> Void) -> Bool

        init(_ loop: EventLoop) {
            name = loop.name
            ask = { loop.post($0) }
        }

        init(_ name: String, _ threads: StoreThreads) {
            self.name = name
            ask = { threads.run($0) }
        }
    }

    private let watched: [Watched]
    /// For each, since when a check has been outstanding.
    private let open: Lock<[MonotonicTime?]>

    init(_ watched: [Watched]) {
        self.watched = watched
        open = Lock(watched.map { _ in nil })
    }

    /// Starts a check of each thread without one outstanding; call every `interval`. Never blocks.
    func ask(_ now: MonotonicTime) {
        for (number, thread) in watched.enumerated() where put(number, now) {
            if !thread.ask({ [open] in open.withLock { $0[number] = nil } }) { open.withLock { $0[number] = nil } }
        }
    }

    private func put(_ number: Int, _ now: MonotonicTime) -> Bool {
        open.withLock { open in
            guard open[number] == nil else { return false }
            open[number] = now
            return true
        }
    }

    /// The threads that have not replied within the limit, by name.
    func stuck(_ now: MonotonicTime) -> [String] {
        let open = open.withLock { $0 }
        return zip(watched, open).filter { $1.map { now - $0 > Self.limit } ?? false }.map(\.0.name)
    }
}
