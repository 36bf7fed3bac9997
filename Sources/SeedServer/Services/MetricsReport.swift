import SeedEngine
import SeedProxy
import SeedStorage

/// What we count, as Prometheus reads it.
struct MetricsReport: Sendable {
    let proxy: ProxyMetrics
    let rooms: Rooms

    /// The text exposition format, version 0.0.4.
    func text() async -> String {
        let used = await usedBytes()
        return (proxyMetrics + engineMetrics + storageMetrics + used).map(\.text).joined()
    }

    private var proxyMetrics: [Metric] {
        [
            Metric(.counter, "requests_total", "Requests whose head was understood.", proxy.requests.current),
            Metric(.counter, "hits_total", "Answers of which every byte was held.", proxy.hits.current),
            Metric(.counter, "misses_total", "Answers of which some byte was missing.", proxy.misses.current),
            Metric(.counter, "bypasses_total", "Requests that went straight through.", proxy.bypasses.current),
            Metric(.counter, "refusals_total", "Requests answered with an error of ours.", proxy.refusals.current),
            Metric(.counter, "aborts_total", "Connections cut in the middle of an answer.", proxy.aborted.current),
            Metric(.counter, "sent_bytes_total", "Body bytes handed to client sockets.", proxy.bytesSent.current),
            Metric(.gauge, "connections", "Client connections open now.", proxy.connections.current),
            Metric(
                .counter, "connections_refused_total", "Client connections closed at once: too many were open.",
                proxy.connectionsRefused.current),
        ]
    }

    private var engineMetrics: [Metric] {
        let counters = rooms.engine.counters
        return [
            Metric(.gauge, "origin_requests", "Origin requests running now.", rooms.engine.flightCount),
            Metric(.gauge, "memory_tier_bytes", "Bytes of hot blocks in memory.", rooms.engine.memoryBytes),
            Metric(.counter, "origin_requests_total", "Origin requests begun.", counters.originRequests.current),
            Metric(
                .counter, "revalidations_total", "Origin requests that asked whether stored bytes still count.",
                counters.revalidations.current),
            Metric(.counter, "origin_pauses_total", "Pauses after a failure at an origin.", counters.pauses.current),
            Metric(.counter, "stored_bytes_total", "Bytes written to content files.", counters.storedBytes.current),
            Metric(
                .counter, "fetched_ahead_bytes_total", "Bytes fetched that nobody had asked for.",
                counters.unaskedBytes.current),
            Metric(
                .counter, "fetched_ahead_read_bytes_total", "Those of them that a client was given later.",
                counters.unaskedBytesRead.current),
            Metric(
                .counter, "direct_answers_total", "Answers whose rest went past the store, for lack of room.",
                counters.directStreams.current),
            Metric(
                .counter, "digest_matches_total", "Objects that had the SHA-256 that names them.",
                counters.digestMatches.current),
            Metric(
                .counter, "digest_mismatches_total", "Objects that had another one, and were dropped.",
                counters.digestMismatches.current),
        ]
    }

    /// Read from the index, so on one of the store's threads. Nothing when the store is closing or cannot tell.
    private func usedBytes() async -> [Metric] {
        let store = rooms.store
        let used = await store.onThread { try? store.usedBytes() } ?? nil
        return used.map { [Metric(.gauge, "storage_used_bytes", "Bytes the index says are held.", Int($0))] } ?? []
    }

    private var storageMetrics: [Metric] {
        let health = rooms.store.health
        return [
            Metric(
                .gauge, "storage_available_bytes", "Bytes that may still be stored.", Int(rooms.store.availableBytes)),
            Metric(.gauge, "storage_failing", "1 while the index cannot be written.", health.failure == nil ? 0 : 1),
            Metric(.counter, "storage_commits_total", "Commits of the index.", health.commits),
            Metric(
                .gauge, "storage_pending_records", "Records not on the disk yet.", rooms.store.pendingRecords),
            Metric(.counter, "storage_dropped_records_total", "Records not written.", health.droppedRecords),
            Metric(.counter, "storage_damaged_records_total", "Records that failed their CRC.", health.damagedRecords),
            Metric(
                .gauge, "storage_content_failing", "1 while content files cannot be written.",
                health.contentFailure == nil ? 0 : 1),
            Metric(.gauge, "storage_content_bytes", "Bytes that content files take.", Int(rooms.store.contentBytes)),
            Metric(.counter, "storage_evicted_pieces_total", "Pieces evicted to make room.", health.evictedPieces),
            Metric(.counter, "storage_expired_tasks_total", "Tasks that grew too old.", health.expiredTasks),
            Metric(.counter, "storage_scrubbed_bytes_total", "Bytes the scrub has read.", Int(health.scrubbedBytes)),
            Metric(.counter, "storage_rotten_blocks_total", "Blocks the scrub found bad.", health.rottenBlocks),
        ]
    }
}

/// One number with its name and meaning.
private struct Metric {
    enum Kind: String {
        case counter
        case gauge
    }

    let kind: Kind
    let name: String
    let help: String
    let value: Int

    init(_ kind: Kind, _ name: String, _ help: String, _ value: Int) {
        self.kind = kind
        self.name = "seed_peer_\(name)"
        self.help = help
        self.value = value
    }

    var text: String {
        "# HELP \(name) \(help)\n# TYPE \(name) \(kind.rawValue)\n\(name) \(value)\n"
    }
}
