import SeedEngine
import SeedSupport
import SeedTestSupport
import Testing

@Suite("What the engine counts")
struct EngineMetricsTests {
    @Test("each metric is declared with its meaning and rendered by the registry it was given")
    func rendered() throws {
        let harness = try EngineHarness()
        defer { harness.close() }
        let metrics = MetricsRegistry(prefix: "seed_peer_")
        let engine = TaskEngine(store: harness.store, origin: harness.origin, logger: .quiet, metrics: metrics)
        engine.counters.pauses.add(3)
        let text = metrics.text()
        #expect(
            text.contains(
                """
                # HELP seed_peer_origin_pauses_total Pauses after a failure at an origin.
                # TYPE seed_peer_origin_pauses_total counter
                seed_peer_origin_pauses_total 3

                """))
        let names = text.split(separator: "\n").filter { !$0.hasPrefix("#") }.map { $0.prefix { $0 != " " } }
        #expect(
            Set(names.map { $0.dropFirst("seed_peer_".count) }) == [
                "origin_requests_total", "revalidations_total", "origin_pauses_total", "stored_bytes_total",
                "fetched_ahead_bytes_total", "fetched_ahead_read_bytes_total", "direct_answers_total",
                "digest_matches_total", "digest_mismatches_total", "origin_requests", "memory_tier_bytes",
            ])
    }
}
