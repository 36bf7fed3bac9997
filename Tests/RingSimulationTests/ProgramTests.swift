import CommandLineInterface
import Foundation
import SeedSupport
import Testing

@testable import RingSimulation

@Suite("The simulation as a program")
struct ProgramTests {
    private static func run(_ words: String...) async -> (code: Int32, output: String, errors: String) {
        let written = Lock<[Console.Stream: String]>([:])
        let console = Console { stream, text throws(OutputError) in
            written.withLock { $0[stream, default: ""] += text }
        }
        let code = await RingSimulation.program.run(words, console: console)
        return written.withLock { (code.number, $0[.output] ?? "", $0[.errors] ?? "") }
    }

    @Test(
        "A value that is not allowed is refused with what is",
        arguments: [
            ("--peers=1", "2 to 10000"), ("--tasks=1e6", "10000 to 2000000"), ("--requests=-1", "1000 to 5000000"),
            ("--exponent=nan", "0.0 to 3.0"), ("--exponent=x", "0.0 to 3.0"),
        ])
    func refused(word: String, allowed: String) async {
        let outcome = await Self.run(word)
        #expect(outcome.code == 64 && outcome.errors.contains("allowed are \(allowed)."), "\(outcome)")
    }

    @Test("A directory that cannot be made is an error before the work")
    func noDirectory() async {
        let outcome = await Self.run("--output", "/dev/null/plots")
        #expect(outcome.code == 1 && outcome.output.isEmpty && !outcome.errors.isEmpty)
    }

    @Test("One seed makes one result, another one another, and all parts of it are there")
    func deterministic() async throws {
        func report(_ seed: UInt64) async -> Report {
            let settings = Settings(peers: 5, tasks: 2_000, requests: 1_000, exponent: 0.9, seed: seed)
            return await Simulation(settings, ringSizes: [3, 10]) { _, _ in }.run()
        }
        let (first, second, other) = (await report(1), await report(1), await report(2))
        let encoder = JSONEncoder()
        encoder.outputFormatting = .sortedKeys
        #expect(try encoder.encode(first) == encoder.encode(second))
        #expect(first.charts.map(\.svg) == second.charts.map(\.svg) && first.tables == second.tables)
        #expect(first.tables != other.tables && first.hitRates.map(\.byteHitRate) != other.hitRates.map(\.byteHitRate))
        #expect(first.failures.isEmpty)
        #expect(first.balance.count == 6 && first.movements.count == 3 * 3 * 3)
        #expect(first.hitRates.count == 4 * 7 && first.loads.count == 3 * 5)
        #expect(Set(first.charts.map(\.name)).count == 7)
    }
}
