// Which pieces to evict: byte hit rates of four orders on three traces, by `swift run -c release EvictionBenchmarks`.
// The table of the last run is in README.md.

import EvictionSimulation

var rows: [Replay] = []
for trace in Trace.all {
    for share in [0.05, 0.2] {
        for candidate in [LRU.self, SIEVE.self, S3FIFO.self, SegmentedLRU.self] as [any Candidate.Type] {
            rows.append(simulate(candidate, trace, share: share))
        }
    }
}

let isJSON = CommandLine.arguments.contains("--json")
for row in rows {
    let hit = (row.hitRate * 1000).rounded() / 10
    print(
        isJSON
            ? "{\"policy\": \"\(row.policy)\", \"trace\": \"\(row.trace)\", \"cache_share\": \(row.share), "
                + "\"byte_hit_rate\": \(row.hitRate), \"ns_per_access\": \(Int(row.nanoseconds))}"
            : "\(row.trace), cache \(Int(row.share * 100)) %, \(row.policy): \(hit) % of bytes, \(Int(row.nanoseconds)) ns"
    )
}
