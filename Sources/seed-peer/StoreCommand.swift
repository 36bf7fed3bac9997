import ArgumentParser
import Foundation
import SeedServer
import SeedStorage

/// Looks after a store that no server has open. Exit codes: 0 sound, 1 something is wrong or was lost, 2 not possible.
struct StoreCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "store", abstract: "Check or repair a store while the server is stopped.",
        subcommands: [VerifyCommand.self, RepairCommand.self])

    /// Which store, and how to speak of it.
    struct Options: ParsableArguments {
        @Option(name: [.short, .long], help: "YAML file whose storage.dir is meant.")
        var config: String?

        @Option(help: "The store's directory, instead of --config.")
        var dir: String?

        @Flag(help: "Print JSON.")
        var json = false

        func validate() throws {
            guard (config == nil) != (dir == nil) else { throw ValidationError("Give --dir or --config.") }
        }

        /// Runs `body` on the store, prints what it found, and makes the exit code.
        func run(
            _ body: (StoreMaintenance, (Int64, Int64) -> Void) throws(StorageError) -> StoreReport
        ) throws {
            let report: StoreReport
            do {
                let path = try dir ?? SeedPeerConfiguration.load(file: config ?? "").configuration.storage.dir
                let bar = ProgressBar(isShown: !json && isatty(STDERR_FILENO) == 1)
                defer { bar.finish() }
                report = try body(StoreMaintenance(directory: path)) { bar.show($0, of: $1) }
            } catch {
                FileHandle.standardError.write(Data("seed-peer: \(error)\n".utf8))
                throw ExitCode(2)
            }
            print(json ? try JSONLines.text(report) : report.lines)
            if !report.isSound { throw ExitCode(1) }
        }
    }

    struct VerifyCommand: ParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "verify", abstract: "Read every stored block, compare it with its checksum, change nothing.")

        @OptionGroup var options: Options

        func run() throws {
            try options.run { store, progress throws(StorageError) in try store.verify(progress: progress)
            }
        }
    }

    struct RepairCommand: ParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "repair",
            abstract: "Build the index anew from every record that can be read and whose bytes are right.",
            discussion: "The damaged index is kept beside the new one as index.damaged. What is said to be bad is lost."
        )

        @OptionGroup var options: Options

        func run() throws {
            try options.run { store, progress throws(StorageError) in try store.repair(progress: progress)
            }
        }
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
