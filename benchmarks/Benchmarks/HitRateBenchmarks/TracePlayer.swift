import DragonflyRequest
import HitRateWorkload
import SeedSupport

/// What the nodes saw.
struct Played: Sendable {
    var records: [ReadRecord] = []
    var retries = 0
    /// Of the first read that failed.
    var failure: String?
}

/// Starts the workload's containers on their nodes, in real time.
struct TracePlayer: Sendable {
    /// Requests that a node has under way at one time.
    private static let connectionsPerNode = 4

    let workload: Workload
    let files: LayerFiles
    /// `http://host:port`.
    let origin: String
    let fleet: SeedPeerFleet
    let policy: Policy
    let beginning: MonotonicTime
    /// Told of the bytes of each read that is done.
    let progress: @Sendable (Int64) -> Void

    func play() async throws -> Played {
        let starts = Dictionary(grouping: workload.starts, by: \.node)
        return try await withThrowingTaskGroup(of: Played.self) { group in
            for (node, starts) in starts { group.addTask { try await play(starts, on: node) } }
            return try await group.reduce(into: Played()) { $0.add($1) }
        }
    }

    /// One after the other: a start waits until the node is done with the one before.
    private func play(_ starts: [Start], on node: Int) async throws -> Played {
        let client = try await NodeClient(
            policy, fleet: fleet, seed: workload.parameters.seed << 16 + UInt64(node))
        defer { client.shutdown() }
        var played = Played()
        for start in starts {
            let wait = beginning + .seconds(start.time) - .now()
            if wait > .zero { try await Task.sleep(for: wait) }
            played.add(try await play(start, by: client))
        }
        played.retries = client.attempts - played.records.count
        return played
    }

    /// A start has connections of its own, as a mount is a process of its own.
    private func play(_ start: Start, by client: NodeClient) async throws -> Played {
        let left = Lock(start.reads[...])
        return try await withThrowingTaskGroup(of: Played.self) { group in
            for _ in 0..<Self.connectionsPerNode {
                group.addTask { try await play(left, over: client.connection()) }
            }
            return try await group.reduce(into: Played()) { $0.add($1) }
        }
    }

    private func play(_ left: Lock<ArraySlice<Read>>, over connection: NodeConnection) async throws -> Played {
        var reader = Reader(
            files: files, origin: origin, fleet: fleet, prefetches: policy.prefetches, beginning: beginning,
            connection: connection)
        var played = Played()
        while let read = left.withLock({ $0.popFirst() }) {
            try Task.checkCancellation()
            let (record, failure) = try await reader.perform(read)
            played.records.append(record)
            played.failure = played.failure ?? failure.map { "\($0)" }
            progress(Int64(read.range.count))
        }
        return played
    }
}

extension Played {
    mutating func add(_ other: Played) {
        records += other.records
        retries += other.retries
        failure = failure ?? other.failure
    }
}
