import Glibc
import SeedSupport

/// Where room is reserved: the account of the store's room. Never waits; the volume itself is asked on a store thread.
final class VolumeSpace: Sendable {
    private struct State {
        var account: SpaceAccount
        var refreshed: MonotonicTime
        var isRefreshing = false
        /// After a failed write nothing is granted until then. The next grant is the trial.
        var closedUntil: MonotonicTime?
        /// Trials in a row that failed.
        var failures = 0
    }

    /// How long the volume's answer counts.
    private static let shelfLife = Duration.milliseconds(500)
    /// Between trials while writes fail.
    private static let backoff = Backoff(first: .milliseconds(250), longest: .seconds(8))

    private let path: String
    private let threads: StoreThreads
    private let state: Lock<State>
    /// Called, from any thread and often, when pieces should be evicted.
    private let onExcess = Lock<(@Sendable () -> Void)?>(nil)

    init(path: String, limits: SpaceLimits, used: Int64, threads: StoreThreads) throws(StorageError) {
        let volume = try StorageError.mapping("ask the free space of", path) { () throws(Errno) in
            try Self.ask(path)
        }
        self.path = path
        self.threads = threads
        state = Lock(State(account: SpaceAccount(limits, volume: volume, used: used), refreshed: .now()))
    }

    var account: SpaceAccount { state.withLock { $0.account } }

    func whenExcess(_ body: (@Sendable () -> Void)?) { onExcess.withLock { $0 = body } }

    // MARK: Reservations

    func reserve(_ bytes: Int64) -> Bool {
        let now = MonotonicTime.now()
        let (isGranted, isStale, isTooFull) = state.withLock { state in
            let isClosed = state.closedUntil.map { now < $0 } ?? false
            let isGranted = !isClosed && state.account.reserve(bytes)
            let isStale = !state.isRefreshing && now > state.refreshed + Self.shelfLife
            if isStale { state.isRefreshing = true }
            return (isGranted, isStale, !isGranted || state.account.excess > 0)
        }
        if isStale { threads.run { [self] in refresh() } }
        if isTooFull { tellExcess() }
        return isGranted
    }

    func release(_ bytes: Int64) { state.withLock { $0.account.release(bytes) } }

    // MARK: What happened to the files

    func wrote(_ bytes: Int64) {
        state.withLock { state in
            state.account.wrote(bytes)
            state.closedUntil = nil
            state.failures = 0
        }
    }

    func freed(_ bytes: Int64, evicted: Int64 = 0) { state.withLock { $0.account.freed(bytes, evicted: evicted) } }

    func beginEviction(of bytes: Int64) { state.withLock { $0.account.beginEviction(of: bytes) } }

    func measured(_ bytes: Int64, since before: Int64) { state.withLock { $0.account.measured(bytes, since: before) } }

    /// The records of all tasks take so many bytes.
    func recorded(_ bytes: Int64) {
        let isTooFull = state.withLock { state in
            state.account.recorded(bytes)
            return state.account.excess > 0
        }
        if isTooFull { tellExcess() }
    }

    /// A write failed. Nothing is granted for a while, so that not every request tries in vain.
    func refused(_ error: StorageError) {
        let now = MonotonicTime.now()
        state.withLock { state in
            if error.kind == .full { state.account.exhausted() }
            if let until = state.closedUntil, now < until { return }
            state.failures += 1
            state.closedUntil = now + Self.backoff.pause(afterFailures: state.failures)
        }
        if error.kind == .full { tellExcess() }
    }

    private func tellExcess() { onExcess.withLock { $0 }?() }

    /// Asks the volume. Blocking.
    func refresh() {
        let volume = try? Self.ask(path)
        state.withLock { state in
            if let volume { state.account.refresh(volume) }
            state.refreshed = .now()
            state.isRefreshing = false
        }
    }

    /// Whether the volume may have no room for a commit. Blocking.
    var isFull: Bool { (try? Self.ask(path)).map { $0.free < 1 << 20 } ?? false }

    private static func ask(_ path: String) throws(Errno) -> SpaceAccount.Volume {
        let status = try System.volumeStatus(of: path)
        return SpaceAccount.Volume(
            total: Int64(clamping: UInt64(status.f_blocks) * UInt64(status.f_frsize)),
            free: Int64(clamping: UInt64(status.f_bavail) * UInt64(status.f_frsize)))
    }
}
