import SeedTestSupport
import Testing

@Suite("The metrics port")
struct MetricsTests {
    /// Dashboards and alerts rest on these: name, kind, meaning.
    private static let all = [
        ("requests_total", "counter", "Requests whose head was understood."),
        ("hits_total", "counter", "Responses of which every byte was held."),
        ("misses_total", "counter", "Responses of which some byte was missing."),
        ("bypasses_total", "counter", "Requests that went straight through."),
        ("refusals_total", "counter", "Requests answered with an error of ours."),
        ("aborts_total", "counter", "Connections cut in the middle of a response."),
        ("sent_bytes_total", "counter", "Body bytes handed to client sockets."),
        ("connections", "gauge", "Client connections open now."),
        ("connections_refused_total", "counter", "Client connections reset at once: too many, or no descriptor left."),
        ("origin_requests", "gauge", "Origin requests running now."),
        ("memory_tier_bytes", "gauge", "Bytes of hot blocks in memory."),
        ("origin_requests_total", "counter", "Origin requests begun."),
        ("revalidations_total", "counter", "Origin requests that asked whether stored bytes still count."),
        ("origin_pauses_total", "counter", "Pauses after a failure at an origin."),
        ("origin_queued_requests", "gauge", "Requests that wait for their turn at an origin."),
        (
            "origin_first_byte_seconds", "histogram",
            "From sending a request, or dialling, to the response head or failure."
        ),
        ("origin_transfer_pauses_total", "counter", "Times that an origin was held back."),
        (
            "origin_redirects_total", "counter",
            "Redirects followed, and requests that began where a remembered one leads."
        ),
        ("origin_open_circuits", "gauge", "Hosts left alone now, as they failed too often."),
        ("origin_circuits_opened_total", "counter", "Times that a host was left alone."),
        ("origin_circuit_refusals_total", "counter", "Requests not sent because their host is left alone."),
        ("stored_bytes_total", "counter", "Bytes written to content files."),
        ("fetched_ahead_bytes_total", "counter", "Bytes fetched ahead of requests."),
        ("fetched_ahead_read_bytes_total", "counter", "Those of them that a client was given later."),
        ("direct_answers_total", "counter", "Responses whose rest went past the store, for lack of room."),
        ("digest_matches_total", "counter", "Objects that matched the digest that names them."),
        ("digest_mismatches_total", "counter", "Objects that had another one, and were dropped."),
        ("storage_used_bytes", "gauge", "Bytes the index says are held."),
        ("storage_available_bytes", "gauge", "Bytes that may still be stored."),
        ("storage_failing", "gauge", "1 while the index cannot be written."),
        ("storage_commits_total", "counter", "Commits of the index."),
        ("storage_pending_records", "gauge", "Records not on the disk yet."),
        ("storage_dropped_records_total", "counter", "Records not written."),
        ("storage_damaged_records_total", "counter", "Records that failed their CRC."),
        ("storage_content_failing", "gauge", "1 while content files cannot be written."),
        ("storage_content_bytes", "gauge", "Bytes that content files take."),
        ("storage_record_bytes", "gauge", "Bytes of the records of tasks and aliases."),
        ("storage_evicted_pieces_total", "counter", "Pieces evicted to make room."),
        ("storage_expired_tasks_total", "counter", "Tasks that grew too old."),
        ("storage_scrubbed_bytes_total", "counter", "Bytes the scrub has read."),
        ("storage_rotten_blocks_total", "counter", "Blocks the scrub found bad."),
    ]

    /// Of those that have labels; of a histogram the counts.
    private static let series = [
        "origin_first_byte_seconds": ["success", "redirect", "client_error", "server_error", "failed"].map {
            "origin_first_byte_seconds_count{outcome=\"\($0)\"}"
        },
        "origin_transfer_pauses_total": ["no_room", "bandwidth"].map {
            "origin_transfer_pauses_total{reason=\"\($0)\"}"
        },
        "origin_redirects_total": ["followed", "remembered"].map { "origin_redirects_total{kind=\"\($0)\"}" },
    ]

    @Test("Every metric is there once, with its kind and meaning and a number")
    func names() throws {
        let directory = try TemporaryDirectory()
        let peer = try SeedPeerProcess(store: directory.path("store"), in: directory)
        let response = try peer.get(path: "/metrics", from: "metrics")
        #expect(response["content-type"] == "text/plain; version=0.0.4; charset=utf-8")
        let lines = response.text.split(separator: "\n").map(String.init)
        let described = Self.all.flatMap { name, kind, help in
            ["# HELP seed_peer_\(name) \(help)", "# TYPE seed_peer_\(name) \(kind)"]
        }
        #expect(lines.filter { $0.hasPrefix("#") }.sorted() == described.sorted())
        let values = lines.filter { !$0.hasPrefix("#") }.map { $0.split(separator: " ") }
        let names = values.map { String($0[0]) }.filter { !$0.contains("_bucket{") && !$0.contains("_sum{") }
        let expected = Self.all.flatMap { Self.series[$0.0] ?? [$0.0] }.map { "seed_peer_\($0)" }
        #expect(names.sorted() == expected.sorted())
        #expect(values.allSatisfy { $0.count == 2 && Double($0[1]) != nil })
    }
}
