// A large ring without sockets: balance, movement, hit rates and load. The method and the last results are in
// benchmarks/README.md.

import CommandLineInterface
import Foundation

@main
enum RingSimulation {
    private static let peers = Parameter.option(
        "peers", ValueKind<Int>.whole(in: 2...10_000), default: 1_000, help: "How many seed peers are on the ring.")
    private static let tasks = Parameter.option(
        "tasks", ValueKind<Int>.whole(in: 10_000...2_000_000), default: 1_000_000, help: "How many tasks there are.")
    private static let requests = Parameter.option(
        "requests", ValueKind<Int>.whole(in: 1_000...5_000_000),
        help: "How many requests are measured for the hit rates, after as many to warm up (twice the tasks).")
    private static let seed = Parameter.option(
        "seed", ValueKind<UInt64>.whole(), default: 1, help: "What sizes, names and requests are made from.")
    private static let exponent = Parameter.option(
        "exponent", .decimal(in: 0...3), default: 0.9, help: "The exponent of Zipf's law for the hit rates.")
    private static let json = Parameter.flag("json", help: "Print the results as JSON.")
    private static let output = Parameter.option(
        "output", .directory, help: "Where to write plots (SVG) and results (simulation.json); made if it is missing.")

    static let program = Program(
        Command(
            "RingSimulation", abstract: "Simulate a large ring of seed peers: balance, movement, hit rates and load.",
            parameters: [peers, tasks, requests, exponent, seed, json, output], action: run), version: "1.0.0")

    static func main() async {
        exit(await program.run(Array(CommandLine.arguments.dropFirst())).number)
    }

    @Sendable
    private static func run(_ arguments: Arguments, _ console: Console) async throws -> ExitCode {
        // A directory that cannot be made is an error before the work, not after it.
        let directory = try arguments[output].map(madeDirectory)
        let settings = Settings(
            peers: arguments[peers], tasks: arguments[tasks],
            requests: arguments[requests] ?? 2 * arguments[tasks], exponent: arguments[exponent],
            seed: arguments[seed])
        let progress = Progress(isShown: isatty(STDERR_FILENO) == 1, console)
        let report = await Simulation(settings, progress: progress.show).run()
        let document = try report.json
        if let directory { try report.write(document, to: directory) }
        try console.print(arguments[json] ? document : report.tables)
        for failure in report.failures { console.report("Error: \(failure.explanation)") }
        return report.failures.isEmpty ? .success : .failure
    }

    private static func madeDirectory(_ path: String) throws -> URL {
        let directory = URL(filePath: path, directoryHint: .isDirectory)
        try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: true)
        return directory
    }
}

extension Report {
    fileprivate var json: String {
        get throws {
            let encoder = JSONEncoder()
            encoder.keyEncodingStrategy = .convertToSnakeCase
            encoder.outputFormatting = [.prettyPrinted, .sortedKeys]
            return String(decoding: try encoder.encode(self), as: UTF8.self)
        }
    }

    fileprivate func write(_ document: String, to directory: URL) throws {
        try Data("\(document)\n".utf8).write(to: directory.appending(path: "simulation.json"))
        for (name, svg) in charts { try Data(svg.utf8).write(to: directory.appending(path: "\(name).svg")) }
    }
}

extension MovementRow {
    fileprivate var explanation: String {
        """
        on a ring of \(peers) seed peers, \(change), \(movement.replicas) replicas: \
        \(Report.percent(movement.taskShare, 2)) of the tasks moved, at most \
        \(Report.percent(movement.limit, 2)) may; \(movement.misplaced) moved between seed peers \
        that stay, none may
        """
    }
}
