import HitRateWorkload
import SeedSupport
import SeedTestSupport

/// Something that a scenario did.
struct Mark: Codable, Sendable {
    /// Seconds after the run's beginning.
    let time: Double
    let label: String
}

/// Does to the seed peers what a scenario says.
struct ScenarioPlayer: Sendable {
    /// How long discovery names a seed peer that is gone.
    private static let discoveryDelay = Duration.seconds(2)

    let scenario: Scenario
    let fleet: SeedPeerFleet
    /// When the scenario begins.
    let start: MonotonicTime
    let beginning: MonotonicTime

    /// - Returns: what happened when.
    func play() async throws -> [Mark] {
        let wait = start - .now()
        if wait > .zero { try await Task.sleep(for: wait) }
        switch scenario {
        case .steady, .smallStore: return []
        case .peerLost: return try await losePeer()
        case .rollingRestart: return try await restartAll()
        }
    }

    private func losePeer() async throws -> [Mark] {
        let killed = mark("seed-peer-1 killed")
        try await blocking { fleet.kill(1) }
        try await Task.sleep(for: Self.discoveryDelay)
        fleet.leave(1)
        return [killed, mark("no longer in discovery")]
    }

    private func restartAll() async throws -> [Mark] {
        var marks: [Mark] = []
        for number in 0..<fleet.count {
            try Task.checkCancellation()
            marks.append(mark("\(number) stops"))
            try await blocking {
                try fleet.stop(number)
                try fleet.start(number)
            }
            marks.append(mark("\(number) ready"))
        }
        return marks
    }

    private func mark(_ label: String) -> Mark {
        Mark(time: (MonotonicTime.now() - beginning).inSeconds, label: label)
    }
}
