import Foundation
import SeedTestSupport
import Synchronization
import Testing

/// Every fault at every stage, against the real program: no response may be complete, successful and wrong, and what an
/// origin does by accident must not reach the client.
@Suite("Fault campaign")
struct FaultCampaignTests {
    /// The outcomes of one cell of the table.
    fileprivate struct Cell {
        var right = 0
        var refused = 0
    }

    fileprivate struct Tally {
        var cells: [FaultStage: [FaultKind: Cell]] = [:]
        var wrong: [String] = []
        var recoverable = 0
        var recovered = 0
        var failedRecoverable: [String] = []
    }

    private static let workers = 4
    /// Each round crosses everything once; `SEED_FAULT_ROUNDS` says otherwise how many there are.
    private static var rounds: Int {
        let environment = ProcessInfo.processInfo.environment
        return environment["SEED_FAULT_ROUNDS"].flatMap { Int($0) } ?? (environment["SEED_SOAK"] == nil ? 1 : 50)
    }
    private static var seed: UInt64 {
        ProcessInfo.processInfo.environment["SEED_FAULTS"].flatMap { UInt64($0) } ?? 20_251
    }

    @Test("Every fault at every stage: never wrong bytes, and accidents are mended")
    func campaign() throws {
        let directory = try TemporaryDirectory()
        let peer = try SeedPeerProcess(
            store: directory.path("store"), in: directory, backend: "maxRetries: 4",
            extra: "download: {pieceTimeout: 500ms}")
        defer { peer.kill() }
        let tally = Mutex(Tally())
        let failure = Mutex<(any Error)?>(nil)
        DispatchQueue.concurrentPerform(iterations: Self.workers) { worker in
            do { try Self.work(worker, peer, tally) } catch { failure.withLock { $0 = error } }
        }
        if let error = failure.withLock({ $0 }) { throw error }
        let result = tally.withLock { $0 }
        print(Self.table(result))
        #expect(result.wrong.isEmpty, "\(result.wrong.joined(separator: "\n"))")
        for stage in FaultStage.allCases {
            #expect(result.cells[stage]?.count == FaultKind.allCases.count, "an empty cell at \(stage.rawValue)")
        }
        #expect(
            result.recovered * 100 >= result.recoverable * 99,
            "\(result.recovered) of \(result.recoverable): \(result.failedRecoverable.joined(separator: ", "))")
    }

    /// The cases of one worker, one after another.
    private static func work(_ worker: Int, _ peer: SeedPeerProcess, _ tally: borrowing Mutex<Tally>) throws {
        for round in 0..<rounds { try play(round, worker, peer, tally) }
    }

    /// A round has an origin of its own, which remembers every connection it ever had.
    private static func play(
        _ round: Int, _ worker: Int, _ peer: SeedPeerProcess, _ tally: borrowing Mutex<Tally>
    ) throws {
        let origin = try FaultyOrigin(script: FaultyScript(nil))
        defer { origin.stop() }
        let kinds = FaultKind.allCases
        let cells = FaultStage.allCases.count * kinds.count
        for cell in stride(from: worker, to: cells, by: workers) {
            let number = round * cells + cell
            var random = Seeded(seed &+ UInt64(number))
            let (stage, kind) = (FaultStage.allCases[cell / kinds.count], kinds[cell % kinds.count])
            let work = FaultCase(kind, stage, number: number, using: &random)
            let outcome = try work.run(through: peer, origin)
            tally.withLock { $0.note(outcome, kind, stage, number) }
        }
    }

    private static func table(_ tally: Tally) -> String {
        let width = 18
        func pad(_ text: String) -> String { text.padding(toLength: width, withPad: " ", startingAt: 0) }
        var lines = [pad("right/refused") + FaultStage.allCases.map { pad($0.rawValue) }.joined()]
        for kind in FaultKind.allCases {
            let cells = FaultStage.allCases.map { stage in
                pad(tally.cells[stage]?[kind].map { "\($0.right)/\($0.refused)" } ?? "-")
            }
            lines.append(pad(kind.rawValue) + cells.joined())
        }
        lines.append(
            "seed \(seed): \(tally.wrong.count) wrong; \(tally.recovered) of \(tally.recoverable) accidents mended")
        return lines.joined(separator: "\n")
    }
}

extension FaultCampaignTests.Tally {
    fileprivate mutating func note(_ outcome: FaultCase.Outcome, _ kind: FaultKind, _ stage: FaultStage, _ number: Int)
    {
        let name = "\(kind.rawValue) at \(stage.rawValue) (case \(number))"
        if case .wrong(let what) = outcome { wrong.append("\(name): \(what)") }
        cells[stage, default: [:]][kind, default: .init()].right += outcome == .right ? 1 : 0
        cells[stage, default: [:]][kind, default: .init()].refused += outcome.isRefused ? 1 : 0
        guard kind.isRecoverable else { return }
        recoverable += 1
        recovered += outcome == .right ? 1 : 0
        if outcome != .right { failedRecoverable.append(name) }
    }
}
