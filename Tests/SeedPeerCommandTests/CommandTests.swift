import CommandLineInterface
import Foundation
import Testing

@testable import seed_peer

@Suite("The commands of seed-peer")
struct CommandTests {
    /// Every command that does something, by the words that name it.
    private static let all = leaves(of: SeedPeerCommand.program.parser.root, [])

    private static func leaves(of command: Command, _ words: [String]) -> [(words: [String], command: Command)] {
        guard !command.subcommands.isEmpty else { return [(words, command)] }
        return command.subcommands.flatMap { leaves(of: $0, words + [$0.name]) }
    }

    @Test("Every command and parameter is explained, and no two have one name")
    func declarations() {
        for (words, command) in Self.all {
            let names = command.options.flatMap { $0.longNames + ($0.short.map { ["-\($0)"] } ?? []) }
            #expect(Set(names + ["--help", "-h", "--version"]).count == names.count + 3, "\(words)")
            #expect(Set(command.parameters.map(\.name)).count == command.parameters.count, "\(words)")
            let sentences = [command.abstract] + command.parameters.map(\.help)
            #expect(sentences.allSatisfy { $0.hasSuffix(".") || $0.hasSuffix(")") }, "\(words)")
        }
    }

    @Test("Every command has its help, which names all its options")
    func help() async {
        for (words, command) in Self.all {
            let outcome = await Outcome.of(["help"] + words)
            #expect(outcome.code == 0 && outcome.errors.isEmpty)
            #expect(outcome.output.contains("USAGE: seed-peer \(words.joined(separator: " "))"))
            #expect(command.options.flatMap(\.longNames).allSatisfy(outcome.output.contains))
            #expect(await Outcome.of(words + ["--help"]).output == outcome.output)
        }
    }

    @Test("The program without a command shows its help")
    func nothing() async {
        let outcome = await Outcome.of()
        #expect(outcome.code == 0 && outcome.output.contains("USAGE: seed-peer <subcommand>"))
        #expect(await Outcome.of("store").output.contains("USAGE: seed-peer store <subcommand>"))
    }

    @Test("The version is a line of its own")
    func version() async {
        #expect(await Outcome.of("--version").output.wholeMatch(of: /[0-9]+\.[0-9]+\.[0-9]+\n/) != nil)
    }

    @Test(
        "A wrong command line has exit code 64, says what is wrong, and shows the usage",
        arguments: [
            ("rnu", "Unknown command 'rnu'. Did you mean 'run'?", "Usage: seed-peer <subcommand>"),
            (
                "run --dev --config x", "--dev and --config exclude each other.",
                "Usage: seed-peer run [--config <config>]"
            ),
            ("run --confg x", "Unknown option '--confg'. Did you mean '--config'?", "Usage: seed-peer run "),
            (
                "run -l loud", "The value 'loud' is invalid for '-l <log-level>': loud is not a log level.",
                "Usage: seed-peer run "
            ),
            ("run --config", "Missing value for '--config <config>'", "Usage: seed-peer run "),
            ("run now", "Unexpected argument 'now'", "Usage: seed-peer run "),
            ("store verify", "Give --dir or --config.", "Usage: seed-peer store verify "),
            ("store repair --dir a -c b", "Give --dir or --config.", "Usage: seed-peer store repair "),
            ("task-id", "Give a URL or --batch.", "Usage: seed-peer task-id "),
            ("task-id http://o/f --batch", "Give a URL or --batch.", "Usage: seed-peer task-id "),
            ("task-id u --piece-length x", "The value 'x' is invalid for '--piece-length <piece-length>'", "Usage: "),
            ("ring", "Give a task id or --batch.", "Usage: seed-peer ring "),
            ("get http://o/f", "Name the seed peers: --peers or --dns.", "Usage: seed-peer get "),
            ("lookup u --peers a --dns b", "Name the seed peers: --peers or --dns.", "Usage: seed-peer lookup "),
            ("get u --peers a --ca b --insecure", "--ca and --insecure exclude each other.", "Usage: seed-peer get "),
            (
                "get u --peers a --range 9-1", "The value '9-1' is invalid for '--range <range>': write A-B.",
                "Usage: seed-peer get "
            ),
            (
                "get u --peers a -H x", "The value 'x' is invalid for '-H <header>': write \"Name: value\".",
                "Usage: seed-peer get "
            ),
        ])
    func wrong(line: String, message: String, usage: String) async {
        let outcome = await Outcome.of(line.split(separator: " ").map(String.init))
        #expect(outcome.code == 64 && outcome.output.isEmpty)
        #expect(outcome.errors.hasPrefix("Error: \(message)\n\(usage)"), "\(outcome.errors)")
    }

    @Test("A configuration that is refused ends run with exit code 2, and store too")
    func refusedConfiguration() async {
        for words in [["run", "-c", "/nowhere/x.yaml"], ["store", "verify", "-c", "/nowhere/x.yaml"]] {
            let outcome = await Outcome.of(words)
            #expect(outcome.code == 2 && outcome.output.isEmpty)
            #expect(outcome.errors.hasPrefix("seed-peer: configuration /nowhere/x.yaml: "), "\(outcome.errors)")
        }
    }

    @Test("config prints the files of config/")
    func config() async throws {
        let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent()
        let yaml = try String(contentsOf: root.appending(path: "config/seed-peer.yaml"), encoding: .utf8)
        let table = try String(contentsOf: root.appending(path: "config/README.md"), encoding: .utf8)
        #expect(await Outcome.of("config").output == yaml)
        #expect(await Outcome.of("config", "--table").output == table)
    }
}
