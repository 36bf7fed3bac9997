import SeedSupport
import Testing

@testable import SeedServer

@Suite("Configuration as YAML")
struct YAMLTests {
    /// The tree of a text, written so that it can be compared: quoted texts in quotes, places behind an at sign.
    private static func tree(_ text: String, places: Bool = false) throws(YAMLProblem) -> String? {
        try YAMLComposer.compose(Bytes(text)).map { shown($0, places) }
    }

    private static func shown(_ node: YAMLNode, _ places: Bool) -> String {
        let content =
            switch node.content {
            case .scalar(let text, let isPlain): isPlain ? text : "'\(text)'"
            case .sequence(let nodes): "[" + nodes.map { shown($0, places) }.joined(separator: ", ") + "]"
            case .mapping(let entries):
                "{" + entries.map { "\(shown($0.key, places)): \(shown($0.value, places))" }.joined(separator: ", ")
                    + "}"
            }
        return places ? "\(content)@\(node.place.line):\(node.place.column)" : content
    }

    private static func problem(of text: String, limits: YAMLLimits = YAMLLimits()) -> String? {
        let problem = #expect(throws: YAMLProblem.self) { try YAMLComposer.compose(Bytes(text), limits: limits) }
        return problem.map { "\($0.place.map { "\($0.line):\($0.column) " } ?? "")\($0.reason)" }
    }

    @Test("Every value has its place, and plain texts differ from quoted ones")
    func places() throws {
        let text = "a: 1\nb:\n  - 'x'\n  - {c: \"d\", e: }\nf: |\n  lines\n"
        #expect(
            try Self.tree(text, places: true)
                == "{a@1:1: 1@1:4, b@2:1: ['x'@3:5, {c@4:6: 'd'@4:9, e@4:14: @4:17}@4:5]@3:3, f@5:1: 'lines\n'@5:4}@1:1"
        )
        #expect(try Self.tree("é: ü", places: true) == "{é@1:1: ü@1:4}@1:1")
        #expect(try Self.tree("\u{feff}a: 1") == "{a: 1}")
        #expect(try Self.tree("a: 1\r\nb: 2", places: true) == "{a@1:1: 1@1:4, b@2:1: 2@2:4}@1:1")
    }

    @Test("Null is what is empty, ~ or null without quotes")
    func null() throws {
        let root = try #require(
            try YAMLComposer.compose(Bytes("[~, null, NULL, Null, '', 'null', nULL, !!str null, {}]")))
        let nulls = try #require(root.sequence).map(\.isNull)
        #expect(nulls == [true, true, true, true, false, false, false, false, false])
    }

    @Test("An empty document has no value", arguments: ["", "\n", "# nothing\n", "   "])
    func empty(text: String) throws {
        #expect(try Self.tree(text) == nil)
    }

    @Test("Aliases stand for what they name, the last of that name")
    func anchors() throws {
        #expect(try Self.tree("a: &x {y: 1}\nb: *x\nc: [*x, *x]") == "{a: {y: 1}, b: {y: 1}, c: [{y: 1}, {y: 1}]}")
        #expect(try Self.tree("- &x 1\n- *x\n- &x 2\n- *x") == "[1, 1, 2, 2]")
        #expect(try Self.tree("&k a: 1\nb: *k") == "{a: 1, b: a}")
    }

    @Test("Merge keys bring what the mapping doesn't have itself, the first of several mappings before the others")
    func mergeKeys() throws {
        let base = "base: &b {x: 1, y: 2}\nmore: &m {y: 3, z: 4}\n"
        let shown = "{base: {x: 1, y: 2}, more: {y: 3, z: 4}, c: "
        #expect(try Self.tree(base + "c: {<<: *b, x: 9}") == shown + "{x: 9, y: 2}}")
        #expect(try Self.tree(base + "c: {x: 9, <<: [*b, *m]}") == shown + "{x: 9, y: 2, z: 4}}")
        #expect(try Self.tree(base + "c: {<<: [*m, *b]}") == shown + "{y: 3, z: 4, x: 1}}")
        #expect(try Self.tree(base + "c: {'<<': *b}") == shown + "{'<<': {x: 1, y: 2}}}")
        #expect(
            try Self.tree("a: &a {x: 1}\nb: &b {<<: *a, y: 2}\nc: {<<: *b}")
                == "{a: {x: 1}, b: {y: 2, x: 1}, c: {y: 2, x: 1}}")
        #expect(try Self.tree("a: {<<: {x: 1}, y: 2}") == "{a: {y: 2, x: 1}}")
    }

    @Test("The tags of the core schema are taken; !!str makes a text of anything")
    func tags() throws {
        #expect(
            try Self.tree("[!!str null, !!int 5, !!bool true, !!float 1.5, !!null ~, ! 7]")
                == "['null', 5, true, 1.5, ~, '7']")
        #expect(try Self.tree("!!map {a: !!seq [1]}") == "{a: [1]}")
    }

    @Test(
        "What is no YAML, or none for a configuration, is refused with its line and column",
        arguments: [
            ("a: 1\n\tb: 2", "2:1 found a tab character that violates indentation"),
            ("a:\n\t- 1", "2:1 found character that cannot start any token"),
            ("a: b: c", "1:5 mapping values are not allowed in this context"),
            ("a: [1", "2:1 did not find expected ',' or ']'"),
            ("a: 1\nb: 2\na: 3", "3:1 the same key twice: a, first on line 1, column 1"),
            ("{a: 1, 'a': 2}", "1:8 the same key twice: a, first on line 1, column 2"),
            ("a: &x 1\nb: {<<: [{c: 1}], <<: {d: 1}}", "2:19 the same key twice: <<; merge a list of mappings"),
            ("a: &x 1\nb: {<<: *x}", "1:4 << takes a mapping or a list of mappings"),
            ("a: {<<: }", "1:9 << takes a mapping or a list of mappings"),
            ("a: *x", "1:4 there is no anchor &x before *x"),
            ("a: &x [1, *x]", "1:11 *x stands inside the value that it names"),
            ("&x a: {b: 1}\n? &y {*y : 1}\n: 2", "2:7 *y stands inside the value that it names"),
            ("a: &x [&x 1]", "1:8 the anchor &x stands inside a value with the same one"),
            ("a: !secret x", "1:4 the tag !secret is not known for this kind of value"),
            (
                "a: !!python/object:os.system x",
                "1:4 the tag !!python/object:os.system is not known for this kind of value"
            ),
            ("a: !!map x", "1:4 the tag !!map is not known for this kind of value"),
            ("a: !!int [1]", "1:4 the tag !!int is not known for this kind of value"),
            (
                "a: !<tag:example.org,2026:x> 1",
                "1:4 the tag tag:example.org,2026:x is not known for this kind of value"
            ),
            ("a: !e!x 1", "1:4 found undefined tag handle"),
            ("a: 1\n---\nb: 2", "2:1 a second document begins here"),
            ("a: \"\\ud800\"", "1:7 found invalid Unicode character escape code"),
            ("a: 1\nb: x\u{7}y", "2:5 control characters are not allowed"),
            ("a: \u{0}", "1:4 control characters are not allowed"),
        ])
    func refused(text: String, problem: String) {
        #expect(Self.problem(of: text) == problem)
    }

    @Test("Texts that double themselves line by line end at the limit of values, at once")
    func expansion() {
        let lines = (1...30).map {
            "l\($0): &l\($0) [\(repeatElement("*l\($0 - 1)", count: 9).joined(separator: ", "))]"
        }
        let laughs = (["l0: &l0 ha"] + lines).joined(separator: "\n")
        let clock = ContinuousClock()
        let time = clock.measure {
            #expect(
                Self.problem(of: laughs)?.hasSuffix(
                    " there are more than 100000 values, aliases counted as what they name") == true)
        }
        #expect(time < .seconds(5))
        let merged = (1...30).map { "m\($0): &m\($0) {<<: [*m\($0 - 1), *m\($0 - 1)], k\($0): *m\($0 - 1)}" }
        #expect(
            Self.problem(of: (["m0: &m0 {k0: 1}"] + merged).joined(separator: "\n"))?.contains("more than 100000")
                == true)
    }

    @Test("The depth is bounded, also where aliases make it")
    func depth() throws {
        let limits = YAMLLimits(depth: 8)
        func nested(_ depth: Int) -> String {
            String(repeating: "[", count: depth) + String(repeating: "]", count: depth)
        }
        #expect(try YAMLComposer.compose(Bytes(nested(8)), limits: limits) != nil)
        let message = "values stand more than 8 deep inside each other"
        #expect(Self.problem(of: nested(9), limits: limits) == "1:9 \(message)")
        #expect(Self.problem(of: "- &a \(nested(4))\n- [[[[*a]]]]", limits: limits) == "2:7 \(message)")
        #expect(try YAMLComposer.compose(Bytes("- &a \(nested(4))\n- [[*a]]"), limits: limits) != nil)
        #expect(
            Self.problem(of: nested(100_000))?.hasSuffix("values stand more than 64 deep inside each other") == true)
    }

    @Test("The length is bounded")
    func length() throws {
        let text = "a: '\(String(repeating: "x", count: 4 << 20))'"
        #expect(Self.problem(of: text) == "the text is longer than 4MiB")
        #expect(try YAMLComposer.compose(Bytes("a: '\(String(repeating: "x", count: 3 << 20))'")) != nil)
    }
}
