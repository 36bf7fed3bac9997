import CommandLineInterface
import Testing

@Suite("The help of commands")
struct HelpTests {
    private static let get = """
        OVERVIEW: Get an object.

        Goes on where it stopped.

        Exit codes: 0 done.

        USAGE: sample get [--output <output>] [--log-level <log-level>]
        [--header <header> ...] [--parallel <parallel>] [--json] [--quiet]
        [--blob-digest/--no-blob-digest] <url> [<more> ...]

        ARGUMENTS:
          <url>                   The URL.
          <more>                  Further URLs.

        OPTIONS:
          -o, --output <output>   The file to write. (default: -)
          -l, --log-level <log-level>
                                  How much is logged.
          -H, --header <header>   A field; repeat for each.
          --parallel <parallel>   At the same time. (default: 4)
          -j, --json              Print JSON.
          -q, --quiet             Print nothing.
          --blob-digest/--no-blob-digest
                                  By digest. (default: --blob-digest)
          --version               Show the version.
          -h, --help              Show help information.
        """

    private static let store = """
        OVERVIEW: Look after a store.

        USAGE: sample store <subcommand>

        OPTIONS:
          --version               Show the version.
          -h, --help              Show help information.

        SUBCOMMANDS:
          verify                  Verify it.
          repair                  Repair it.

          See 'sample help store <subcommand>' for detailed help.
        """

    @Test(
        "It is made from the declaration, and shown however it is asked for, whatever else is wrong",
        arguments: [
            ["get", "--help"], ["get", "-h"], ["help", "get"], ["--help", "get"], ["get", "--bad", "--help"],
            ["get", "u", "-h", "--version"],
        ])
    func command(words: [String]) {
        #expect(Sample.text(of: words) == Self.get)
    }

    @Test(
        "A command that only has others shows them, also without being asked",
        arguments: [["store"], ["store", "--help"], ["help", "store"], ["store", "verfiy", "--help"]])
    func commands(words: [String]) {
        #expect(Sample.text(of: words) == Self.store)
    }

    @Test("The program alone shows its commands", arguments: [[], ["help"], ["--help"], ["-h"]])
    func program(words: [String]) {
        #expect(Sample.text(of: words)?.contains("USAGE: sample <subcommand>\n") == true)
        #expect(Sample.text(of: words)?.contains("  get                     Get an object.\n") == true)
    }

    @Test("A long explanation is wrapped beside its name, and no line is longer than the screen")
    func wrapping() {
        let long = Parameter.flag("x", help: String(repeating: "word ", count: 30))
        let command = Command("c", abstract: "C.", parameters: [long]) { _, _ in .success }
        let parser = CommandParser(Command("p", abstract: "P.", subcommands: [command]), version: "1")
        guard case .print(let help) = parser.parse(["help", "c"]) else { return #expect(Bool(false)) }
        let lines = help.split(separator: "\n")
        #expect(lines.allSatisfy { $0.count <= 80 })
        #expect(lines.filter { $0.contains("word") }.count == 3)
        #expect(
            lines.filter { $0.contains("word") }.dropFirst().allSatisfy {
                $0.hasPrefix(String(repeating: " ", count: 26) + "word")
            })
    }
}
