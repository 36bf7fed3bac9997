import Testing

@testable import SeedSupport

@Suite("What was probably meant")
struct SpellingTests {
    @Test(
        "The distance counts letters inserted, deleted, replaced, and swapped with their neighbour",
        arguments: [
            ("", "", 0), ("get", "get", 0), ("get", "gte", 1), ("get", "gt", 1), ("get", "gget", 1), ("get", "got", 1),
            ("", "abc", 3), ("kitten", "sitting", 3), ("ca", "abc", 3), ("abcdef", "badcfe", 3),
        ])
    func distance(left: String, right: String, expected: Int) {
        #expect(Spelling.distance(Array(left.utf8), Array(right.utf8)) == expected)
        #expect(Spelling.distance(Array(right.utf8), Array(left.utf8)) == expected)
    }

    @Test("The nearest name is found, capitals aside, and of several the first")
    func nearest() {
        let names = ["run", "get", "lookup", "Ring", "rind"]
        #expect(Spelling.nearest(to: "gte", in: names, limit: 1) == "get")
        #expect(Spelling.nearest(to: "RUN", in: names, limit: 0) == "run")
        #expect(Spelling.nearest(to: "rin", in: names, limit: 1) == "run")
        #expect(Spelling.nearest(to: "rinf", in: names, limit: 1) == "Ring")
        #expect(Spelling.nearest(to: "elsewhere", in: names, limit: 3) == nil)
        #expect(Spelling.nearest(to: "x", in: [String](), limit: 3) == nil)
    }

    @Test("A name of another length costs no time")
    func long() {
        #expect(Spelling.nearest(to: String(repeating: "x", count: 4_000_000), in: ["run"], limit: 500_000) == nil)
    }
}
