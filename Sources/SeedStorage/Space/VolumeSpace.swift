import Glibc
import Synchronization

/// The account of the store's room. Asked without waiting; the volume itself is asked on a store thread.
final class VolumeSpace: Sendable {
    private struct State {
        var account: SpaceAccount
        var refreshed: MonotonicTime
        var isRefreshing = false
        /// After a refused write nothing is granted until then: the next grant is the trial.
        var closedUntil: MonotonicTime?
        var trialDelay = VolumeSpace.trialDelays.lowerBound
    }

    private static let shelfLifeMilliseconds: Int64 = 500
    /// Milliseconds between trials while writes fail.
    private static let trialDelays: ClosedRange<Int64> = 250...8_000

    private let path: String
    private let threads: StoreThreads
    private let state: Mutex<State>
    /// Called, from any thread and often, when pieces should be evicted.
    private let onExcess = Mutex<(@Sendable () -> Void)?>(nil)

    init(path: String, limits: SpaceLimits, used: Int64, threads: StoreThreads) throws(StorageError) {
        guard let volume = Self.ask(path) else { throw .file("ask the free space of", path) }
        self.path = path
        self.threads = threads
        state = Mutex(State(account: SpaceAccount(limits, volume: volume, used: used), refreshed: .now()))
    }

    var account: SpaceAccount { state.withLock { $0.account } }

    func whenExcess(_ body: (@Sendable () -> Void)?) { onExcess.withLock { $0 = body } }

    // MARK: Reservations

    func reserve(_ bytes: Int64) -> Bool {
        let now = MonotonicTime.now()
        let (isGranted, isStale, isTooFull) = state.withLock { state in
            let isClosed = state.closedUntil.map { now < $0 } ?? false
            let isGranted = !isClosed && state.account.reserve(bytes)
            let isStale =
                !state.isRefreshing && now > state.refreshed.advanced(byMilliseconds: Self.shelfLifeMilliseconds)
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
            state.trialDelay = Self.trialDelays.lowerBound
        }
    }

    func freed(_ bytes: Int64, left: Int64 = 0) { state.withLock { $0.account.freed(bytes, left: left) } }

    func leave(_ bytes: Int64) { state.withLock { $0.account.leave(bytes) } }

    func measured(_ bytes: Int64, since before: Int64) { state.withLock { $0.account.measured(bytes, since: before) } }

    /// A write failed: nothing is granted for a while, so that not every request tries in vain.
    func refused(_ error: StorageError) {
        let now = MonotonicTime.now()
        state.withLock { state in
            if error.kind == .full { state.account.exhausted() }
            if let until = state.closedUntil, now < until { return }
            state.closedUntil = now.advanced(byMilliseconds: state.trialDelay)
            state.trialDelay = min(state.trialDelay * 2, Self.trialDelays.upperBound)
        }
        if error.kind == .full { tellExcess() }
    }

    private func tellExcess() { onExcess.withLock { $0 }?() }

    /// Asks the volume. Blocking.
    func refresh() {
        let volume = Self.ask(path)
        state.withLock { state in
            if let volume { state.account.refresh(volume) }
            state.refreshed = .now()
            state.isRefreshing = false
        }
    }

    /// Whether the volume has hardly room for a commit. Blocking.
    var isFull: Bool { Self.ask(path).map { $0.free < 1 << 20 } ?? false }

    private static func ask(_ path: String) -> SpaceAccount.Volume? {
        var status = statvfs()
        guard statvfs(path, &status) == 0 else { return nil }
        return SpaceAccount.Volume(
            total: Int64(clamping: UInt64(status.f_blocks) * UInt64(status.f_frsize)),
            free: Int64(clamping: UInt64(status.f_bavail) * UInt64(status.f_frsize)))
    }
}
