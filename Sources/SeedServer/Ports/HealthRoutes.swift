import EventLoops
import HTTPSemantics
import HTTPServer
import SeedStorage
import SeedSupport

/// Liveness (`/healthy`) and readiness (`/ready`), served by a loop that nothing else can block.
struct HealthRoutes: Sendable {
    /// Event loops. If one hangs, its clients wait forever, so only a restart helps.
    let loops: Watchdog
    /// The store's queues. A slow disk stops them; what is in memory or in the page cache is served on, and a new process
    /// would have the same disk.
    let queues: Watchdog
    let threads: [StoreThreads]
    /// The seed peer is about to stop.
    private let isLeaving = Lock(false)
    var now: @Sendable () -> MonotonicTime = { .now() }

    init(loops: [EventLoop], store: PieceStore) {
        self.init(loops: loops, threads: [("store", store.threads), ("hash", store.hashers)])
    }

    init(loops: [EventLoop], threads: [(name: String, StoreThreads)]) {
        self.loops = Watchdog(loops.map { Watchdog.Watched($0) })
        queues = Watchdog(threads.map { Watchdog.Watched($0.name, $0.1) })
        self.threads = threads.map(\.1)
    }

    /// To be called every `Watchdog.interval`.
    func ask(_ now: MonotonicTime) {
        loops.ask(now)
        queues.ask(now)
    }

    var table: RouteTable {
        RouteTable([
            Route(.get, "/healthy") { _ in Self.response(leaving + stuck) },
            Route(.get, "/ready") { _ in Self.response(leaving + stuck + degraded) },
        ])
    }

    /// From now on both say so, and clients take this seed peer off their rings.
    func leave() {
        isLeaving.withLock { $0 = true }
    }

    private var leaving: [String] { isLeaving.withLock { $0 } ? ["stopping: requests are still served"] : [] }

    private var stuck: [String] {
        loops.stuck(now()).map { "\($0) has not turned for more than \(Watchdog.limit.components.seconds) s" }
    }

    private var degraded: [String] {
        let now = now()
        let busy = threads.flatMap { $0.busy(since: now - Watchdog.limit) }
        let waiting = queues.stuck(now).map { "the queue of \($0)" }
        return (busy + waiting).map {
            "degraded: \($0) has waited for the disk for more than \(Watchdog.limit.components.seconds) s"
        }
    }

    private static func response(_ problems: [String]) -> RouteResponse {
        problems.isEmpty
            ? RouteResponse(.ok)
            : .text(problems.map { $0 + "\n" }.joined(), status: .serviceUnavailable)
    }
}
