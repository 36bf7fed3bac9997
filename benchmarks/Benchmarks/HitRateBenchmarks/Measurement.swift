import Foundation
import HitRateWorkload
import SeedSupport
import SeedTestSupport

/// One policy in one scenario.
struct Measurement: Codable, Sendable {
    let policy: String
    let scenario: Scenario
    let seedPeers: Int
    let summary: Summary
    let timeline: Timeline
    let marks: [Mark]
    /// Of the first read that failed.
    let firstFailure: String?
}

/// A process that the figures depend on is gone.
struct ProcessGone: Error, CustomStringConvertible {
    let description: String
}

/// What was measured is not what the scenario says.
struct ReadsFailed: Error, CustomStringConvertible {
    let description: String
}

/// Measures on one workload, each time with new processes and empty stores.
struct MeasurementRunner: Sendable {
    let workload: Workload
    let files: LayerFiles
    /// Seed peers of every policy but the baselines.
    let seedPeers: Int
    /// Told of the bytes of each read that is done.
    let progress: @Sendable (Int64) -> Void

    func measure(_ policy: Policy, in scenario: Scenario) async throws -> Measurement {
        let count = policy.isBaseline ? 1 : seedPeers
        let limit = scenario.storeLimit(uniqueBytes: workload.uniqueBytes, seedPeers: seedPeers)
        let (origin, fleet) = try await blocking { [files] in
            (try Nginx(serving: files.directory.path), try SeedPeerFleet(count: count, storeLimit: limit))
        }
        defer {
            fleet.end()
            origin.stop()
        }
        let (played, marks) = try await watching(origin, fleet) {
            let (played, marks) = try await play(policy, scenario, origin, fleet)
            try await settle(fleet)
            return (played, marks)
        }
        if scenario == .steady, let failure = played.failure {
            throw ReadsFailed(description: "nothing happened to the seed peers, but a read failed: \(failure)")
        }
        let traffic = OriginTraffic(try await blocking { try origin.quit() })
        let summary = Summary(
            played.records, origin: traffic, uniqueBytes: workload.uniqueBytes, retries: played.retries)
        return Measurement(
            policy: policy.name, scenario: scenario, seedPeers: count, summary: summary,
            timeline: Timeline(played.records), marks: marks, firstFailure: played.failure)
    }

    private func play(
        _ policy: Policy, _ scenario: Scenario, _ origin: Nginx, _ fleet: SeedPeerFleet
    ) async throws -> (Played, [Mark]) {
        let beginning = MonotonicTime.now()
        let player = TracePlayer(
            workload: workload, files: files, origin: origin.url, fleet: fleet, policy: policy, beginning: beginning,
            progress: progress)
        let events = ScenarioPlayer(
            scenario: scenario, fleet: fleet,
            start: beginning + .seconds(scenario.begin * workload.parameters.duration), beginning: beginning)
        async let marks = events.play()
        let played = try await player.play()
        return (played, try await marks)
    }

    /// Waits until seed peers fetch nothing more: they complete pieces while no client waits, one after another.
    private func settle(_ fleet: SeedPeerFleet) async throws {
        var quiet = 0
        let deadline = MonotonicTime.now() + .seconds(60)
        while quiet < 5 {
            guard MonotonicTime.now() < deadline else {
                throw ReadsFailed(description: "the seed peers still fetch a minute after the last read")
            }
            quiet = try await blocking { try fleet.originRequests() } == 0 ? quiet + 1 : 0
            try await Task.sleep(for: .milliseconds(100))
        }
    }

    /// Throws as soon as the origin or a seed peer is gone that should be there.
    private func watching<Result: Sendable>(
        _ origin: Nginx, _ fleet: SeedPeerFleet, _ body: @escaping @Sendable () async throws -> Result
    ) async throws -> Result {
        try await withThrowingTaskGroup(of: Result?.self) { group in
            group.addTask {
                while true {
                    try Self.check(origin, fleet)
                    try await Task.sleep(for: .milliseconds(50))
                }
            }
            group.addTask { try await body() }
            defer { group.cancelAll() }
            let result = try await group.next()
            try Self.check(origin, fleet)
            guard case .some(.some(let value)) = result else { throw CancellationError() }
            return value
        }
    }

    private static func check(_ origin: Nginx, _ fleet: SeedPeerFleet) throws {
        if !origin.isRunning {
            throw ProcessGone(description: "the origin (nginx) ended in the middle of a run; there are no figures")
        }
        if let text = fleet.unexpectedEnd { throw ProcessGone(description: "\(text)\nThere are no figures.") }
    }
}
