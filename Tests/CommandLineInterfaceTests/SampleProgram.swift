import CommandLineInterface
import SeedSupport

/// A program with every form of parameter, and what it was told.
enum Sample {
    static let url = RequiredParameter.argument("url", .text, help: "The URL.")
    static let more = Parameter.arguments("more", .text, help: "Further URLs.")
    static let output = Parameter.option("output", short: "o", .file, default: "-", help: "The file to write.")
    static let level = Parameter.option("log-level", short: "l", Sample.levels, help: "How much is logged.")
    static let header = Parameter.repeated("header", short: "H", .text, help: "A field; repeat for each.")
    static let parallel = Parameter.option("parallel", .whole(in: 1...64), default: 4, help: "At the same time.")
    static let json = Parameter.flag("json", short: "j", help: "Print JSON.")
    static let quiet = Parameter.flag("quiet", short: "q", help: "Print nothing.")
    static let digest = Parameter.invertibleFlag("blob-digest", default: true, help: "By digest.")

    private static let levels = ValueKind(completion: .words(["info", "debug"])) { text throws(ValueProblem) in
        guard ["info", "debug"].contains(text) else { throw ValueProblem("\(text) is not a log level.") }
        return text
    }

    static let get = Command(
        "get", abstract: "Get an object.", discussion: "Goes on where it stopped.\n\nExit codes: 0 done.",
        parameters: [url, more, output, level, header, parallel, json, quiet, digest],
        validate: { arguments throws(UsageError) in
            if arguments[json], arguments[quiet] { throw UsageError("--json and --quiet exclude each other.") }
        },
        action: { arguments, console in
            try console.print(try arguments.required(url))
            return ExitCode(3)
        })

    static let verify = Command("verify", abstract: "Verify it.") { _, _ in throw Broken() }
    static let repair = Command("repair", abstract: "Repair it.") { _, _ in throw UsageError("not here.") }
    static let store = Command("store", abstract: "Look after a store.", subcommands: [verify, repair])
    static let root = Command("sample", abstract: "A program.", subcommands: [get, store])
    static let parser = CommandParser(root, version: "1.2.3")

    struct Broken: Error, CustomStringConvertible {
        let description = "it is broken"
    }

    /// The arguments of `get` with these words.
    static func got(_ words: String...) throws -> Arguments {
        switch parser.parse(["get"] + words) {
        case .run(_, let arguments, _): return arguments
        case .refused(let error, _): throw error
        case .print(let text): throw UsageError(text)
        }
    }

    /// What is told of a command line that is refused; else nil.
    static func refusal(of words: [String]) -> String? {
        if case .refused(let error, _) = parser.parse(words) { error.description } else { nil }
    }

    /// The text that is asked for; else nil.
    static func text(of words: [String]) -> String? {
        if case .print(let text) = parser.parse(words) { text } else { nil }
    }
}

/// Keeps what a program writes.
final class Recorder: Sendable {
    private let written = Lock<[Console.Stream: String]>([:])
    private let error: OutputError?

    /// - Parameter error: for whatever is written to the output.
    init(failing error: OutputError? = nil) {
        self.error = error
    }

    var output: String { written.withLock { $0[.output] ?? "" } }
    var errors: String { written.withLock { $0[.errors] ?? "" } }

    var console: Console {
        Console { [self] stream, text throws(OutputError) in
            if let error, stream == .output { throw error }
            written.withLock { $0[stream, default: ""] += text }
        }
    }
}
