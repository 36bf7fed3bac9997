import HTTPSemantics
import Testing

@Suite("Conditions")
struct PreconditionsTests {
    private static let modified = "Sun, 06 Nov 1994 08:49:37 GMT"
    private static let before = "Sun, 06 Nov 1994 08:49:36 GMT"
    private static let after = "Mon, 07 Nov 1994 08:49:37 GMT"

    private func stored(etag: String? = "\"a\"", modified: String? = modified, age: Int64 = 3600) -> StoredValidators {
        var headers = HTTPFields()
        headers[.eTag] = etag
        headers[.lastModified] = modified
        return StoredValidators(headers: headers, storedSecond: 784_111_777 + Int64(age))
    }

    private func evaluate(
        _ fields: String, _ stored: StoredValidators? = nil, hasRange: Bool = false
    ) throws -> Preconditions.Outcome {
        Preconditions(try HTTPFields(lines: fields)).evaluate(stored ?? self.stored(), hasRange: hasRange)
    }

    @Test(
        "If-Match compares strongly, If-None-Match weakly",
        arguments: [
            ("If-Match: \"a\"", Preconditions.Outcome.serve), ("If-Match: \"b\"", .failed), ("If-Match: *", .serve),
            ("If-Match: \"b\", \"a\"", .serve), ("If-Match: W/\"a\"", .failed), ("If-Match: a", .failed),
            ("If-None-Match: \"a\"", .notModified), ("If-None-Match: W/\"a\"", .notModified),
            ("If-None-Match: \"b\"", .serve), ("If-None-Match: *", .notModified),
            ("If-None-Match: \"b\"\r\nIf-None-Match: \"a\"", .notModified), ("If-None-Match: nonsense", .serve),
        ])
    func tags(_ field: String, _ outcome: Preconditions.Outcome) throws {
        #expect(try evaluate(field + "\r\n") == outcome)
    }

    @Test("Without a stored tag only * matches")
    func noTag() throws {
        let stored = stored(etag: nil)
        #expect(try evaluate("If-Match: \"a\"\r\n", stored) == .failed)
        #expect(try evaluate("If-Match: *\r\n", stored) == .serve)
        #expect(try evaluate("If-None-Match: \"a\"\r\n", stored) == .serve)
        #expect(try evaluate("If-Match: \"a\"\r\n", self.stored(etag: "W/\"a\"")) == .failed)
        #expect(try evaluate("If-None-Match: \"a\"\r\n", self.stored(etag: "W/\"a\"")) == .notModified)
    }

    @Test("Dates count only if both are dates")
    func dates() throws {
        #expect(try evaluate("If-Modified-Since: \(Self.modified)\r\n") == .notModified)
        #expect(try evaluate("If-Modified-Since: \(Self.after)\r\n") == .notModified)
        #expect(try evaluate("If-Modified-Since: \(Self.before)\r\n") == .serve)
        #expect(try evaluate("If-Modified-Since: yesterday\r\n") == .serve)
        #expect(try evaluate("If-Modified-Since: \(Self.after)\r\n", stored(modified: nil)) == .serve)
        #expect(try evaluate("If-Unmodified-Since: \(Self.modified)\r\n") == .serve)
        #expect(try evaluate("If-Unmodified-Since: \(Self.before)\r\n") == .failed)
        #expect(try evaluate("If-Unmodified-Since: yesterday\r\n") == .serve)
        #expect(try evaluate("If-Unmodified-Since: \(Self.before)\r\n", stored(modified: nil)) == .serve)
        #expect(try evaluate("If-Unmodified-Since: Sunday, 06-Nov-94 08:49:36 GMT\r\n") == .failed)
    }

    @Test("The order is RFC 9110's: tags before dates, matching before changing, If-Range last")
    func order() throws {
        #expect(try evaluate("If-Match: \"a\"\r\nIf-Unmodified-Since: \(Self.before)\r\n") == .serve)
        #expect(try evaluate("If-None-Match: \"b\"\r\nIf-Modified-Since: \(Self.after)\r\n") == .serve)
        #expect(try evaluate("If-None-Match: \"a\"\r\nIf-Match: \"b\"\r\n") == .failed)
        #expect(try evaluate("If-Range: \"b\"\r\nIf-None-Match: \"a\"\r\n", hasRange: true) == .notModified)
        #expect(try evaluate("If-Range: \"b\"\r\nIf-Match: \"c\"\r\n", hasRange: true) == .failed)
    }

    @Test("If-Range holds for a strong tag or a strong date, exactly")
    func ifRange() throws {
        #expect(try evaluate("If-Range: \"a\"\r\n", hasRange: true) == .serve)
        #expect(try evaluate("If-Range: \"b\"\r\n", hasRange: true) == .serveWhole)
        #expect(try evaluate("If-Range: W/\"a\"\r\n", hasRange: true) == .serveWhole)
        #expect(try evaluate("If-Range: \"b\"\r\n") == .serve)
        #expect(try evaluate("If-Range: \(Self.modified)\r\n", hasRange: true) == .serve)
        #expect(try evaluate("If-Range: \(Self.after)\r\n", hasRange: true) == .serveWhole)
        #expect(try evaluate("If-Range: Sunday, 06-Nov-94 08:49:37 GMT\r\n", hasRange: true) == .serveWhole)
        #expect(try evaluate("If-Range: \(Self.modified)\r\n", stored(age: 59), hasRange: true) == .serveWhole)
        #expect(try evaluate("If-Range: \"a\"\r\n", stored(etag: nil), hasRange: true) == .serveWhole)
    }

    @Test("If-Range with an invalid tag never matches, even if the origin gave the same text")
    func unquoted() throws {
        let tag = "5c7486cdb788792dfb0ea3928e075a2df9960578"
        #expect(try evaluate("If-Range: \(tag)\r\n", stored(etag: tag), hasRange: true) == .serveWhole)
        #expect(try evaluate("If-None-Match: \(tag)\r\n", stored(etag: tag)) == .serve)
    }

    @Test("Tags above ASCII are compared octet for octet")
    func octets() throws {
        var stored = HTTPFields()
        stored.append(HTTPField(name: .eTag, value: [0x22, 0xe9, 0x22]))
        let validators = StoredValidators(headers: stored, storedSecond: 0)
        var request = HTTPFields()
        request.append(HTTPField(name: .ifNoneMatch, value: [0x22, 0xe9, 0x22]))
        #expect(Preconditions(request).evaluate(validators, hasRange: false) == .notModified)
        request[.ifNoneMatch] = "\"\u{fffd}\""
        #expect(Preconditions(request).evaluate(validators, hasRange: false) == .serve)
    }
}
