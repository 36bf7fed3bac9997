import HTTPSemantics
import Testing

@Suite("Fields that are kept with an object")
struct StoredFieldTests {
    private func fields(_ names: Range<Int>, _ value: String = "v") -> HTTPFields {
        HTTPFields(names.map { HTTPField(name: HTTPField.Name("X-\($0)")!, value: value) })
    }

    @Test("64 fields and 16 KiB may be kept, no more")
    func limits() {
        #expect(fields(0..<64).mayBeKept)
        #expect(!fields(0..<65).mayBeKept)
        // "X-0: " and the line end are 7 bytes.
        let longest = String(repeating: "v", count: (16 << 10) - 7)
        #expect(fields(0..<1, longest).mayBeKept)
        #expect(!fields(0..<1, longest + "v").mayBeKept)
    }

    @Test("A 304 tells fields anew in their places, and adds others behind them")
    func replaced() {
        var stored: HTTPFields = [.eTag: "\"a\"", .contentType: "text/plain", .link: "<1>", .cacheControl: "max-age=1"]
        stored.append(HTTPField(name: .link, value: "<2>"))
        let newer: HTTPFields = [.link: "<3>", .contentType: "x/y", .cacheControl: "max-age=9", .server: "s"]
        #expect(
            stored.updated(by: newer).map(\.description) == [
                "ETag: \"a\"", "Content-Type: text/plain", "Link: <3>", "Cache-Control: max-age=9", "Server: s",
            ])
    }

    @Test("What is new is left out where it would be too much to keep, but not what says for how long and for whom")
    func bounded() {
        let stored = fields(0..<60)
        var newer = fields(100..<110)
        newer.append(HTTPField(name: .cacheControl, value: "no-store"))
        newer.append(HTTPField(name: .vary, value: "X"))
        let updated = stored.updated(by: newer)
        #expect(updated.count == 64 && updated.mayBeKept)
        #expect(updated[.cacheControl] == "no-store" && updated[.vary] == "X")
        let long = fields(100..<101, String(repeating: "v", count: 16 << 10))
        #expect(stored.updated(by: long) == stored)
    }

    @Test("The last fields make room for what says for how long and for whom, but not what says what the bytes are")
    func makesRoom() {
        let told: HTTPFields = [.cacheControl: "max-age=9", .vary: "X"]
        var many = fields(0..<62)
        many.append(contentsOf: [.contentType: "a/b", .cacheControl: "max-age=1"] as HTTPFields)
        let updated = many.updated(by: told)
        #expect(updated.count == 64 && updated.mayBeKept)
        #expect(updated[.contentType] == "a/b" && updated[.cacheControl] == "max-age=9" && updated[.vary] == "X")
        #expect(updated.contains(HTTPField.Name("X-60")!) && !updated.contains(HTTPField.Name("X-61")!))
        let long = fields(0..<4, String(repeating: "v", count: (4 << 10) - 7))
        #expect(long.mayBeKept)
        #expect(long.updated(by: told) == fields(0..<3, long[0].value) + told)
        // Nothing that is left out would help.
        let longest: HTTPFields = [.cacheControl: String(repeating: "x", count: 16 << 10)]
        #expect(!many.updated(by: longest).mayBeKept)
    }

    @Test("A thousand 304s, each with other fields, make it no longer than the limits")
    func neverGrows() {
        var stored = fields(0..<10)
        for round in 0..<1_000 { stored = stored.updated(by: fields(round * 100..<round * 100 + 100, "0123456789")) }
        #expect(stored.count == 64 && stored.mayBeKept)
    }
}
