import CommandLineInterface
import Foundation
import HitRateWorkload
import SeedSupport

/// Measures what a fleet of seed peers costs its origin, by how the nodes pick a seed peer.
enum HitRateCommand {
    private static let standard = WorkloadParameters()

    private static let peers = Parameter.option(
        "peers", ValueKind<Int>.whole(in: 2...16), default: 3, help: "Seed peers, 2 to 16.")
    private static let nodes = Parameter.option(
        "nodes", ValueKind<Int>.whole(in: 1...256), default: standard.nodes,
        help: "Nodes that start containers, 1 to 256.")
    private static let starts = Parameter.option(
        "starts", ValueKind<Int>.whole(in: 1...64), default: standard.startsPerNode,
        help: "Starts of each node, 1 to 64.")
    private static let images = Parameter.option(
        "images", ValueKind<Int>.whole(in: 1...64), default: standard.images, help: "Different images, 1 to 64.")
    private static let scale = Parameter.option(
        "scale", .scale, default: standard.scale,
        help: "Of the layers' lengths, from 1/256 to 1; at 1 they are 20 to 400 MiB.")
    private static let seconds = Parameter.option(
        "seconds", .decimal(in: 1...600), default: standard.duration,
        help: "Time within which all containers start, 1 to 600.")
    private static let exponent = Parameter.option(
        "exponent", .decimal(in: 0...3), default: standard.exponent,
        help: "Of Zipf's law, by which images are drawn, 0 to 3.")
    private static let seed = Parameter.option(
        "seed", ValueKind<UInt64>.whole(in: 0...UInt64(UInt32.max)), default: standard.seed,
        help: "Of the trace and of all random choices.")
    private static let policy = Parameter.repeated(
        "policy", .policy, help: "Measure this policy only; repeat for more. \(ValueKind<Policy>.allowed)")
    private static let scenario = Parameter.repeated(
        "scenario", .scenario, help: "Measure in this scenario only; repeat for more. \(ValueKind<Scenario>.allowed)")
    private static let all = Parameter.flag("all", help: "Measure every policy in the steady run.")
    private static let output = Parameter.option(
        "output", .directory, default: ".build/hit-rate", help: "The directory for result.json and the plots.")
    private static let json = Parameter.flag("json", help: "Print the result as JSON.")

    static let command = Command(
        "HitRateBenchmarks", abstract: "Measure what seed peers cost their origin, by how nodes pick a seed peer.",
        discussion: """
            Seed peers and an nginx as origin are real processes on loopback. SEED_PEER names the program \
            (the seed-peer beside this one).

            Exit codes: 0 measured; 1 a wrong byte, a process that ended by itself, or no place for the result; \
            64 the command line is wrong; 130 interrupted.
            """,
        parameters: [
            peers, nodes, starts, images, scale, seconds, exponent, seed, policy, scenario, all, output, json,
        ],
        validate: { arguments throws(UsageError) in
            if arguments[all], !arguments[policy].isEmpty { throw UsageError("--all and --policy exclude each other.") }
            let isSteady = arguments[scenario].isEmpty || arguments[scenario].contains(.steady)
            if arguments[all], !isSteady { throw UsageError("--all is about the steady run: add --scenario steady.") }
            if !isSteady, arguments[policy].contains(where: \.isBaseline) {
                throw UsageError("One single seed peer is measured in the steady run only.")
            }
        }, action: run)

    @Sendable
    private static func run(_ arguments: Arguments, _ console: Console) async throws -> ExitCode {
        do {
            // What cannot be written is better known now than at the end.
            try makeDirectory(arguments[output])
            try BenchmarkResult.removeOld(in: arguments[output])
            let result = try await measure(arguments, console)
            try result.write(to: arguments[output])
            try console.print(arguments[json] ? result.json : result.tables)
            return .success
        } catch  where Task.isCancelled {
            // Ctrl-C reaches the seed peers as well, so that the error may be theirs.
            console.report("HitRateBenchmarks: interrupted")
            return ExitCode(130)
        } catch {
            let lines = "\(error)".split(separator: "\n").map { LogText.escaped(String($0)) }
            console.report("HitRateBenchmarks: \(lines.joined(separator: "\n"))")
            return .failure
        }
    }

    private static func makeDirectory(_ path: String) throws {
        do {
            try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
        } catch {
            throw OutputError(reason: "\(path) cannot be made a directory; name another one by --output")
        }
    }

    private static func measure(_ arguments: Arguments, _ console: Console) async throws -> BenchmarkResult {
        let workload = Workload(parameters(arguments))
        let runs = RunPlan(
            scenarios: arguments[scenario], policies: arguments[policy], all: arguments[all]
        ).runs
        let bar = ProgressBar(isShown: isatty(STDERR_FILENO) == 1, console: console)
        defer { bar.finish() }
        let work = workload.layers.reduce(0) { $0 + $1.length } + workload.demandedBytes * Int64(runs.count)
        let done = Lock<Int64>(0)
        let progress: @Sendable (Int64) -> Void = { bytes in
            let sum = done.withLock { done in
                done += bytes
                return done
            }
            bar.show(sum, of: work)
        }
        let files = try LayerFiles(workload, progress: progress)
        let runner = MeasurementRunner(
            workload: workload, files: files, seedPeers: arguments[peers], progress: progress)
        var measurements: [Measurement] = []
        for run in runs { measurements.append(try await runner.measure(run.policy, in: run.scenario)) }
        return BenchmarkResult(workload, seedPeers: arguments[peers], measurements)
    }

    private static func parameters(_ arguments: Arguments) -> WorkloadParameters {
        var parameters = standard
        parameters.nodes = arguments[nodes]
        parameters.startsPerNode = arguments[starts]
        parameters.images = arguments[images]
        parameters.scale = arguments[scale]
        parameters.duration = arguments[seconds]
        parameters.exponent = arguments[exponent]
        parameters.seed = arguments[seed]
        return parameters
    }
}
