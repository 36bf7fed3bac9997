import CommandLineInterface
import Glibc
import SeedServer
import SeedStorage

/// Checks and repairs a store while no server uses it. Exit codes: 0 sound, 1 something is wrong or was lost, 2 not
/// possible.
enum StoreCommand {
    private typealias Work =
        @Sendable (StoreRepair, (Int64, Int64) -> Void) throws(StorageError) -> StoreReport

    private static let config = Parameter.option(
        "config", short: "c", .file, help: "YAML file whose storage.dir is meant.")
    private static let dir = Parameter.option("dir", .directory, help: "The store's directory, instead of --config.")
    private static let json = Parameter.flag("json", help: "Print JSON.")

    static let command = Command(
        "store", abstract: "Check or repair a store while the server is stopped.", subcommands: [verify, repair])

    private static let verify = subcommand(
        "verify", abstract: "Read every stored block, compare it with its checksum, change nothing."
    ) { store, progress throws(StorageError) in try store.verify(progress: progress) }

    private static let repair = subcommand(
        "repair", abstract: "Build the index anew from every record that can be read and whose bytes are right.",
        discussion: "The damaged index is kept beside the new one as index.damaged. What is said to be bad is lost."
    ) { store, progress throws(StorageError) in try store.repair(progress: progress) }

    private static func subcommand(
        _ name: String, abstract: String, discussion: String = "", _ work: @escaping Work
    ) -> Command {
        Command(
            name, abstract: abstract, discussion: discussion, parameters: [config, dir, json],
            validate: { arguments throws(UsageError) in
                guard (arguments[config] == nil) != (arguments[dir] == nil) else {
                    throw UsageError("Give --dir or --config.")
                }
            }, action: { arguments, console in try run(arguments, console, work) })
    }

    /// Works on the store, prints what was found, and makes the exit code.
    private static func run(_ arguments: Arguments, _ console: Console, _ work: Work) throws -> ExitCode {
        let report: StoreReport
        do {
            let bar = ProgressBar(isShown: !arguments[json] && isatty(STDERR_FILENO) == 1, console: console)
            defer { bar.finish() }
            report = try work(StoreRepair(directory: directory(arguments))) { bar.show($0, of: $1) }
        } catch {
            console.report("seed-peer: \(error)")
            return ExitCode(2)
        }
        try console.print(arguments[json] ? try JSONLines.text(report) : report.lines)
        return report.isSound ? .success : .failure
    }

    private static func directory(_ arguments: Arguments) throws(ConfigurationError) -> String {
        if let path = arguments[dir] { return path }
        return try SeedPeerConfiguration.load(file: arguments[config] ?? "").configuration.storage.directory
    }
}

extension StoreReport {
    fileprivate var lines: String {
        let sums = [
            "tasks:                  \(tasks)",
            "pieces:                 \(pieces)",
            "blocks:                 \(blocks) (\(bytes) bytes)",
            "bad blocks:             \(badBlocks) (\(badBytes) bytes)",
            "tasks without a file:   \(tasksWithoutFile)",
            "damaged records:        \(damagedRecords)",
            "newer records:          \(newerRecords)",
            "files without a record: \(filesWithoutRecord)",
            "index:                  \(isIndexWhole ? "whole" : "damaged")",
        ]
        return (findings + sums + [isSound ? "sound" : "not sound"]).joined(separator: "\n")
    }
}
