import CommandLineInterface
import SeedSupport

@testable import seed_peer

/// What a run of the program in this process wrote, and how it ended.
struct Outcome {
    let code: Int32
    let output: String
    let errors: String

    /// Runs the program with these words behind its name.
    static func of(_ words: String...) async -> Outcome { await of(words) }

    static func of(_ words: [String]) async -> Outcome {
        let written = Lock<[Console.Stream: String]>([:])
        let console = Console { stream, text throws(OutputError) in
            written.withLock { $0[stream, default: ""] += text }
        }
        let code = await SeedPeerCommand.program.run(words, console: console)
        return written.withLock { Outcome(code: code.number, output: $0[.output] ?? "", errors: $0[.errors] ?? "") }
    }
}
