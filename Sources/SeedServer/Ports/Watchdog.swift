import EventLoops
import SeedStorage
import SeedSupport

/// Asks threads again and again whether they still take work, and knows which ones haven't for too long (rule 44).
///
/// A question is a piece of work that such a thread would do at once if it could. So a process that was stopped as a whole for a
/// while owes no answers when it goes on.
final class Watchdog: Sendable {
    /// How often threads are asked.
    static let interval = Duration.seconds(2)
    /// How long an answer may take.
    static let limit = Duration.seconds(10)

    /// A thread, or a group of them with one queue.
    struct Watched: Sendable {
        let name: String
        /// Has the answer given by the thread. False when it has ended, as at the end of the server.
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
    /// For each, when the question was put that is not answered.
    private let open: Lock<[MonotonicTime?]>

    init(_ watched: [Watched]) {
        self.watched = watched
        open = Lock(watched.map { _ in nil })
    }

    /// Asks each that owes no answer; every `interval`. Never blocks.
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

    /// Those that have owed an answer for longer than the limit, by name.
    func stuck(_ now: MonotonicTime) -> [String] {
        let open = open.withLock { $0 }
        return zip(watched, open).filter { $1.map { now - $0 > Self.limit } ?? false }.map(\.0.name)
    }
}
