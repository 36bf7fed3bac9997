import SeedSupport
import Testing

@testable import SeedProxy

@Suite("Patterns of rules and block lists (rule:linear-patterns)")
struct URLPatternTests {
    @Test(
        "The syntax that Dragonfly takes is taken, in the same meaning",
        arguments: [
            ("blobs/sha256.*", "http://h/v2/a/blobs/sha256:01", "http://h/v2/a/manifests/sha256:01"),
            (#"\.safetensors$"#, "http://h/a.safetensors", "http://h/a.safetensors.txt"),
            (#"^https?://[^/]+/models/"#, "https://h/models/x", "ftp://h/models/x"),
            (#"(?<name>gguf|bin)$"#, "http://h/a.gguf", "http://h/a.ggu"),
            (#"(?P<name>gguf|bin)$"#, "http://h/a.bin", "http://h/a.bi"),
            (#"(?:a|b){2,3}/c"#, "http://h/ab/c", "http://h/-a/c"),
            (#"h/a{,2}b"#, "http://h/aab", "http://h/aaab"),
            (#"h/x{2}$"#, "http://h/xx", "http://h/x"),
            (#"(?i)ADMIN"#, "http://h/aDmin", "http://h/amin"),
            (#"(?i:AD)min"#, "http://h/admin", "http://h/adMIN"),
            (#"h/.*?\d+\w\s?$"#, "http://h/v12x", "http://h/v-"),
            (#"\bblob\b"#, "http://h/blob/a", "http://h/blobs/a"),
            (#"[[:digit:]]{3}[^[:alpha:]]"#, "http://h/123-", "http://h/123a"),
            (#"[]a]\[$"#, "http://h/a[", "http://h/b["),
            (#"[\]\[\d.-]$"#, "http://h/[", "http://h/a"),
            (#"\x2f\x{61}\u0062\u{63}\U00000064$"#, "http://h/abcd", "http://h/abce"),
            (#"\Q(?<a>[[\E$"#, "http://h/(?<a>[[", "http://h/a"),
            (#"\A[a-z]+://h(:8080)?/\z"#, "http://h:8080/", "http://h:80/"),
            (#"\pL\p{Greek}$"#, "http://h/aλ", "http://h/ab"),
            ("", "http://h/", nil),
        ] as [(String, String, String?)])
    func syntax(_ pattern: String, _ matching: String, _ other: String?) throws {
        let pattern = try URLPattern(pattern)
        #expect(pattern.isFound(in: matching))
        if let other { #expect(!pattern.isFound(in: other)) }
    }

    @Test("Characters beyond ASCII are matched as their octets in UTF-8, whole")
    func characters() throws {
        let (composed, decomposed) = ("http://h/caf\u{e9}", "http://h/cafe\u{301}")
        for pattern in [
            "caf\u{e9}$", #"caf\x{e9}$"#, #"caf\u00e9$"#, "caf.$", "caf[\u{e8}-\u{ea}]$", "(?i)CAF\u{c9}$", "f\u{e9}+$",
        ] {
            #expect(try URLPattern(pattern).isFound(in: composed), "\(pattern)")
            #expect(try !URLPattern(pattern).isFound(in: decomposed), "\(pattern)")
        }
    }

    @Test("Octets that are no UTF-8 hide nothing from a pattern")
    func otherOctets() throws {
        let target = String(
            decoding: [UInt8]("http://h/a".utf8) + [0xff, 0xc3] + [UInt8]("/secret".utf8), as: UTF8.self)
        #expect(try URLPattern("h/.*/secret$").isFound(in: target))
        #expect(try URLPattern("h/[^/]+/secret$").isFound(in: target))
    }

    @Test(
        "What cannot be matched in linear time, or is unknown, is refused with what isn't understood",
        arguments: [
            ("a(?=b)", "at `(?=`"), ("a(?!b)", "(?!"), ("(?<=a)b", "(?<"), ("(?<!a)b", "(?<"), (#"(a)\1"#, #"\1"#),
            (#"(?<a>b)\k<a>"#, #"\k"#), ("(?>a)", "(?>"), ("a++", "++"), ("(?x) a", "(?x"), ("(", "missing ) at `(`"),
            ("[a", "missing ] at `[a`"),
            ("a{1001}", "{1001}"), (#"\Z"#, #"\Z"#), ("*", "*"), (#"\"#, #"trailing \"#),
        ])
    func refused(_ pattern: String, _ fragment: String) {
        let error = #expect(throws: PatternError.self) { try URLPattern(pattern) }
        #expect(error?.description.contains(fragment) == true, "\(String(describing: error))")
    }

    @Test(
        "What would match other URLs than it does at Dragonfly's clients is refused",
        arguments: [
            "[a-z&&[^b]]", "[a-z--b]", "[a-z~~b]", "[a[bc]]", #"\<a"#, #"a\>"#, #"\b{start}a"#, #"\B{end}"#,
            #"\u{110000}"#, #"\u12"#,
        ])
    func otherMeaning(_ pattern: String) {
        #expect(throws: PatternError.self) { try URLPattern(pattern) }
    }

    @Test(
        "A program of more than 64 KiB is refused",
        arguments: ["((a{100}){100}){100}", "(.{0,30}a){0,30}$", String(repeating: "a", count: 8193)])
    func tooLarge(_ pattern: String) {
        let error = #expect(throws: PatternError.self) { try URLPattern(pattern) }
        #expect(error?.description == "it is too large" || error?.description.contains("repetition") == true)
        #expect(throws: Never.self) { try URLPattern(String(repeating: "a", count: 8000)) }
    }

    @Test(
        "Patterns that make a backtracking engine try exponentially often are decided at once",
        arguments: [
            "(a+)+$", "(a|aa)+$", "(.*a){20}!$", "^(([a-z])+.)+[A-Z]([a-z])+$", "(a?){30}a{30}!", ".*.*.*=.*",
            "(x+x+)+y",
        ])
    func exponential(_ pattern: String) throws {
        let text = "http://h/" + String(repeating: "a", count: 16_000) + "-"
        #expect(try !URLPattern(pattern).isFound(in: text))
    }

    @Test("Any number of threads may use one pattern")
    func threads() async throws {
        let pattern = try URLPattern("(a|b)*a(a|b){12}c")
        let found = await withTaskGroup(of: Int.self) { group in
            let (matching, other) = (
                String(repeating: "ba", count: 500) + "c", String(repeating: "ab", count: 500) + "c"
            )
            for _ in 0..<8 {
                group.addTask {
                    (0..<50).count { _ in pattern.isFound(in: matching) && !pattern.isFound(in: other) }
                }
            }
            return await group.reduce(0, +)
        }
        #expect(found == 8 * 50)
    }
}
