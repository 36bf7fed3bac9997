/// The result of one policy on one trace.
package struct Replay: Sendable {
    package var policy: String
    package var trace: String
    package var share: Double
    package var hitRate: Double
    package var nanoseconds: Double
}

/// Plays a trace against a cache of this share of its footprint.
package func simulate<C: Candidate>(_: C.Type, _ trace: Trace, share: Double) -> Replay {
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
    return Replay(
        policy: C.name, trace: trace.name, share: share, hitRate: Double(hits) / Double(asked),
        nanoseconds: time / Double(trace.accesses.count))
}
