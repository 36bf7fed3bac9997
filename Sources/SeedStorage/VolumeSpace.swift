import Glibc
import Synchronization

/// The room on the volume and who was promised what of it: decisions only.
struct SpaceBudget: Sendable {
    /// Bytes never filled.
    let headroom: Int64
    /// Bytes free on the volume when it was last asked.
    private(set) var free: Int64
    private(set) var reserved: Int64 = 0

    init(headroom: Int64, free: Int64) {
        self.headroom = headroom
        self.free = free
    }

    var available: Int64 { max(free - headroom - reserved, 0) }

    mutating func reserve(_ bytes: Int64) -> Bool {
        guard bytes >= 0, bytes <= available else { return false }
        reserved += bytes
        return true
    }

    /// Until the volume is asked again, the bytes count as written: a grant too few is better than one too many.
    mutating func release(_ bytes: Int64) {
        reserved = max(reserved - bytes, 0)
        free -= bytes
    }

    mutating func refresh(free: Int64) { self.free = free }
}

/// The budget of the store's volume. Asked without waiting; the volume itself is asked on a store thread.
final class VolumeSpace: Sendable {
    private struct State {
        var budget: SpaceBudget
        var refreshed: MonotonicTime
        var isRefreshing = false
    }

    private static let shelfLifeMilliseconds: Int64 = 500

    private let path: String
    private let threads: StoreThreads
    private let state: Mutex<State>

    init(path: String, headroom: Int64, threads: StoreThreads) throws(StorageError) {
        guard let free = Self.freeBytes(path) else { throw .file("ask the free space of", path) }
        self.path = path
        self.threads = threads
        state = Mutex(State(budget: SpaceBudget(headroom: headroom, free: free), refreshed: .now()))
    }

    var available: Int64 { state.withLock { $0.budget.available } }

    func reserve(_ bytes: Int64) -> Bool {
        let now = MonotonicTime.now()
        let (isGranted, isStale) = state.withLock { state in
            let isGranted = state.budget.reserve(bytes)
            let isStale =
                !state.isRefreshing && now > state.refreshed.advanced(byMilliseconds: Self.shelfLifeMilliseconds)
            if isStale { state.isRefreshing = true }
            return (isGranted, isStale)
        }
        if isStale { threads.run { [self] in refresh() } }
        return isGranted
    }

    func release(_ bytes: Int64) {
        state.withLock { $0.budget.release(bytes) }
    }

    /// Asks the volume. Blocking.
    func refresh() {
        let free = Self.freeBytes(path)
        state.withLock { state in
            if let free { state.budget.refresh(free: free) }
            state.refreshed = .now()
            state.isRefreshing = false
        }
    }

    private static func freeBytes(_ path: String) -> Int64? {
        var status = statvfs()
        guard statvfs(path, &status) == 0 else { return nil }
        return Int64(clamping: UInt64(status.f_bavail) * UInt64(status.f_frsize))
    }
}
