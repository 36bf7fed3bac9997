import CommandLineInterface
import Testing

@Suite("The parser of command lines")
struct CommandParserTests {
    @Test("What isn't given has its default, or is nil")
    func defaults() throws {
        let arguments = try Sample.got("u")
        #expect(try arguments.required(Sample.url) == "u")
        #expect(arguments[Sample.more].isEmpty && arguments[Sample.header].isEmpty)
        #expect(arguments[Sample.output] == "-" && arguments[Sample.parallel] == 4)
        #expect(arguments[Sample.level] == nil)
        #expect(!arguments[Sample.json] && arguments[Sample.digest])
    }

    @Test(
        "An option is given by any of its names, its value behind it or joined to it",
        arguments: [
            ["--output", "f"], ["--output=f"], ["-o", "f"], ["-of"], ["-o=f"], ["-jof"], ["-j", "-o", "f"],
            ["--output", "x", "-o", "f"],
        ])
    func names(words: [String]) throws {
        let (before, after) = (Sample.parser.parse(["get", "u"] + words), Sample.parser.parse(["get"] + words + ["u"]))
        for case .run(_, let arguments, _) in [before, after] {
            #expect(arguments[Sample.output] == "f")
            #expect(arguments[Sample.json] == words.contains { $0.hasPrefix("-j") })
        }
        #expect(Sample.refusal(of: ["get", "u"] + words) == nil && Sample.refusal(of: ["get"] + words + ["u"]) == nil)
    }

    @Test("A value may be empty, hold an equals sign, or be a dash alone; one that begins with a dash is joined")
    func values() throws {
        #expect(try Sample.got("u", "--output=")[Sample.output] == "")
        #expect(try Sample.got("u", "--output", "")[Sample.output] == "")
        #expect(try Sample.got("u", "-H", "a=b", "--header=c=d")[Sample.header] == ["a=b", "c=d"])
        #expect(try Sample.got("u", "-o", "-")[Sample.output] == "-")
        #expect(try Sample.got("u", "--output=-x")[Sample.output] == "-x")
        #expect(Sample.refusal(of: ["get", "u", "--output", "-x"]) == "Missing value for '--output <output>'")
    }

    @Test("Of a flag and its contrary the last one counts")
    func inversion() throws {
        #expect(try !Sample.got("u", "--no-blob-digest")[Sample.digest])
        #expect(try Sample.got("u", "--no-blob-digest", "--blob-digest")[Sample.digest])
        #expect(try !Sample.got("u", "--blob-digest", "--no-blob-digest")[Sample.digest])
    }

    @Test("Arguments go to their places in order, and behind -- everything is one")
    func places() throws {
        let arguments = try Sample.got("a", "-j", "b", "--", "-o", "--help", "--")
        #expect(try arguments.required(Sample.url) == "a")
        #expect(arguments[Sample.more] == ["b", "-o", "--help", "--"])
        #expect(arguments[Sample.json] && arguments[Sample.output] == "-")
    }

    @Test(
        "A wrong command line is refused with what is wrong, and what was probably meant",
        arguments: [
            (["get"], "Missing expected argument '<url>'"),
            (["get", "u", "--outptu", "f"], "Unknown option '--outptu'. Did you mean '--output'?"),
            (["get", "u", "--josn"], "Unknown option '--josn'. Did you mean '--json'?"),
            (["get", "u", "--nothing-like-it"], "Unknown option '--nothing-like-it'"),
            (["get", "u", "--no-json"], "Unknown option '--no-json'"),
            (["get", "u", "-x"], "Unknown option '-x'"),
            (["get", "u", "-jx"], "Unknown option '-jx'"),
            (["get", "u", "-o"], "Missing value for '-o <output>'"),
            (["get", "u", "--output"], "Missing value for '--output <output>'"),
            (["get", "u", "--output", "--json"], "Missing value for '--output <output>'"),
            (["get", "u", "--json=1"], "The option '--json' does not take any value, but '1' was specified."),
            (["get", "u", "-j=1"], "The option '-j' does not take any value, but '1' was specified."),
            (
                ["get", "u", "--parallel", "x"],
                "The value 'x' is invalid for '--parallel <parallel>': allowed are 1 to 64."
            ),
            (
                ["get", "u", "--parallel", "65"],
                "The value '65' is invalid for '--parallel <parallel>': allowed are 1 to 64."
            ),
            (["get", "u", "-l", "loud"], "The value 'loud' is invalid for '-l <log-level>': loud is not a log level."),
            (["get", "u", "-jq"], "--json and --quiet exclude each other."),
            (["gte", "u"], "Unknown command 'gte'. Did you mean 'get'?"),
            (["stroe"], "Unknown command 'stroe'. Did you mean 'store'?"),
            (["elsewhere"], "Unknown command 'elsewhere'"),
            (["--json", "get"], "Unknown option '--json'"),
            (["store", "verfiy"], "Unknown command 'verfiy'. Did you mean 'verify'?"),
            (["store", "verify", "a"], "Unexpected argument 'a'"),
            (["store", "verify", "a", "b"], "2 unexpected arguments: 'a', 'b'"),
            (["help", "gte"], "Unknown command 'gte'. Did you mean 'get'?"),
            (["help", "get", "u"], "Unexpected argument 'u'"),
            (["--", "get"], "Unexpected argument 'get'"),
        ])
    func refusals(words: [String], message: String) {
        #expect(Sample.refusal(of: words) == message)
    }

    @Test("The version is told wherever it is asked for", arguments: [["--version"], ["get", "--version"]])
    func version(words: [String]) {
        #expect(Sample.text(of: words) == "1.2.3")
    }

    @Test("No text crashes the parser, and what it refuses has a reason")
    func anyWords() {
        let words = [
            "get", "store", "verify", "-", "--", "-o", "--output", "--output=", "=", "-=", "--=", "", "-j", "é", "-é",
        ]
        for first in words {
            for second in words {
                for third in words {
                    #expect(Sample.refusal(of: [first, second, third])?.isEmpty != true)
                }
            }
        }
    }
}
