// Which pieces to evict: byte hit rates of four orders on three traces, by `swift run -c release EvictionBenchmarks`.
// The table of the last run is in README.md.

struct Row {
    var policy: String
    var trace: String
    var share: Double
    var hitRate: Double
    var nanoseconds: Double
}

func simulate<C: Candidate>(_: C.Type, _ trace: Trace, share: Double) -> Row {
    var policy = C()
    var held: [Int: Int] = [:]
    let capacity = Int(Double(trace.footprint) * share)
    var (used, hits, asked) = (0, 0, 0)
    let start = ContinuousClock.now
    for access in trace.accesses {
        asked += access.bytes
        if held[access.piece] != nil {
            hits += access.bytes
            policy.touch(access.piece)
            continue
        }
        held[access.piece] = access.bytes
        used += access.bytes
        policy.insert(access.piece, bytes: access.bytes)
        while used > capacity, let gone = policy.victim() { used -= held.removeValue(forKey: gone) ?? 0 }
    }
    let time = start.duration(to: .now) / .nanoseconds(1)
    return Row(
        policy: C.name, trace: trace.name, share: share, hitRate: Double(hits) / Double(asked),
        nanoseconds: time / Double(trace.accesses.count))
}

var rows: [Row] = []
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
