import DragonflyIdentity
import HTTPTypes
import Testing

@testable import SeedProxy

@Suite("Conditions")
struct PreconditionsTests {
    private static let modified = "Sun, 06 Nov 1994 08:49:37 GMT"
    private static let before = "Sun, 06 Nov 1994 08:49:36 GMT"
    private static let after = "Mon, 07 Nov 1994 08:49:37 GMT"

    private func stored(etag: String? = "\"a\"", modified: String? = modified, age: Int64 = 3600) -> StoredValidators {
        var headers = HTTPFields()
        headers[.eTag] = etag
        headers[.lastModified] = modified
        return StoredValidators(headers: headers, storedAt: (784_111_777 + age) * 1000)
    }

    private func judge(
        _ fields: String, _ stored: StoredValidators? = nil, hasRange: Bool = false
    ) throws -> Preconditions.Verdict {
        let head = try RequestHead.parsed("GET / HTTP/1.1\r\nHost: a\r\n\(fields)\r\n")
        return Preconditions(head).judge(stored ?? self.stored(), hasRange: hasRange)
    }

    @Test(
        "If-Match compares strongly, If-None-Match weakly",
        arguments: [
            ("If-Match: \"a\"", Preconditions.Verdict.serve), ("If-Match: \"b\"", .failed), ("If-Match: *", .serve),
            ("If-Match: \"b\", \"a\"", .serve), ("If-Match: W/\"a\"", .failed), ("If-Match: a", .failed),
            ("If-None-Match: \"a\"", .notModified), ("If-None-Match: W/\"a\"", .notModified),
            ("If-None-Match: \"b\"", .serve), ("If-None-Match: *", .notModified),
            ("If-None-Match: \"b\"\r\nIf-None-Match: \"a\"", .notModified), ("If-None-Match: nonsense", .serve),
        ])
    func tags(_ field: String, _ verdict: Preconditions.Verdict) throws {
        #expect(try judge(field + "\r\n") == verdict)
    }

    @Test("Without a stored tag only * matches")
    func noTag() throws {
        let stored = stored(etag: nil)
        #expect(try judge("If-Match: \"a\"\r\n", stored) == .failed)
        #expect(try judge("If-Match: *\r\n", stored) == .serve)
        #expect(try judge("If-None-Match: \"a\"\r\n", stored) == .serve)
        #expect(try judge("If-Match: \"a\"\r\n", self.stored(etag: "W/\"a\"")) == .failed)
        #expect(try judge("If-None-Match: \"a\"\r\n", self.stored(etag: "W/\"a\"")) == .notModified)
    }

    @Test("Dates count only if both are dates")
    func dates() throws {
        #expect(try judge("If-Modified-Since: \(Self.modified)\r\n") == .notModified)
        #expect(try judge("If-Modified-Since: \(Self.after)\r\n") == .notModified)
        #expect(try judge("If-Modified-Since: \(Self.before)\r\n") == .serve)
        #expect(try judge("If-Modified-Since: yesterday\r\n") == .serve)
        #expect(try judge("If-Modified-Since: \(Self.after)\r\n", stored(modified: nil)) == .serve)
        #expect(try judge("If-Unmodified-Since: \(Self.modified)\r\n") == .serve)
        #expect(try judge("If-Unmodified-Since: \(Self.before)\r\n") == .failed)
        #expect(try judge("If-Unmodified-Since: yesterday\r\n") == .serve)
        #expect(try judge("If-Unmodified-Since: \(Self.before)\r\n", stored(modified: nil)) == .serve)
        #expect(try judge("If-Unmodified-Since: Sunday, 06-Nov-94 08:49:36 GMT\r\n") == .failed)
    }

    @Test("The order is RFC 9110's: tags before dates, matching before changing, If-Range last")
    func order() throws {
        #expect(try judge("If-Match: \"a\"\r\nIf-Unmodified-Since: \(Self.before)\r\n") == .serve)
        #expect(try judge("If-None-Match: \"b\"\r\nIf-Modified-Since: \(Self.after)\r\n") == .serve)
        #expect(try judge("If-None-Match: \"a\"\r\nIf-Match: \"b\"\r\n") == .failed)
        #expect(try judge("If-Range: \"b\"\r\nIf-None-Match: \"a\"\r\n", hasRange: true) == .notModified)
        #expect(try judge("If-Range: \"b\"\r\nIf-Match: \"c\"\r\n", hasRange: true) == .failed)
    }

    @Test("If-Range holds for a strong tag or a strong date, exactly")
    func ifRange() throws {
        #expect(try judge("If-Range: \"a\"\r\n", hasRange: true) == .serve)
        #expect(try judge("If-Range: \"b\"\r\n", hasRange: true) == .serveWhole)
        #expect(try judge("If-Range: W/\"a\"\r\n", hasRange: true) == .serveWhole)
        #expect(try judge("If-Range: \"b\"\r\n") == .serve)
        #expect(try judge("If-Range: \(Self.modified)\r\n", hasRange: true) == .serve)
        #expect(try judge("If-Range: \(Self.after)\r\n", hasRange: true) == .serveWhole)
        #expect(try judge("If-Range: Sunday, 06-Nov-94 08:49:37 GMT\r\n", hasRange: true) == .serveWhole)
        #expect(try judge("If-Range: \(Self.modified)\r\n", stored(age: 59), hasRange: true) == .serveWhole)
        #expect(try judge("If-Range: \"a\"\r\n", stored(etag: nil), hasRange: true) == .serveWhole)
    }

    @Test(
        "Lists of tags are read strictly",
        arguments: [
            ("\"a\"", 1), ("\"a\",\"b\"", 2), (" , \"a\" ,, W/\"b\" ,", 2), ("\"\"", 1), ("\"a,b\"", 1),
            ("\"\u{e9}\"", 1),
            ("", nil), (",", nil), ("a", nil), ("\"a", nil), ("\"a\" \"b\"", nil), ("w/\"a\"", nil), ("*, \"a\"", nil),
            ("W/ \"a\"", nil), ("\"a b\"", nil),
        ])
    func lists(_ text: String, _ count: Int?) {
        if case .tags(let tags)? = EntityTagList(text) { #expect(tags.count == count) } else { #expect(count == nil) }
    }

    @Test("* stands alone")
    func any() {
        #expect(EntityTagList("*") == .any)
        #expect(EntityTagList(" *\t") == .any)
        #expect(EntityTag("\"a\"") == EntityTag("\"a\""))
        #expect(EntityTag("\"a\"") != EntityTag("W/\"a\""))
        #expect(EntityTag("\"a\"x") == nil)
    }
}
