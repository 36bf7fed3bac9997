import HTTPSemantics
import Testing

@Suite("Validators")
struct ValidatorTests {
    private func validator(_ headers: HTTPFields, length: Int64? = 10) -> Validator {
        Validator(headers, length: length)
    }

    @Test("A strong entity tag wins; weak and malformed ones count for nothing")
    func entityTags() {
        #expect(validator([.eTag: "\"a\""]) == .etag("\"a\""))
        #expect(validator([.eTag: "\"\""]) == .etag("\"\""))
        for tag in ["W/\"a\"", "a", "\"", "\"a", "\"a\"b\"", "\"a b\"", ""] {
            #expect(validator([.eTag: tag]) == .none)
        }
        var twice: HTTPFields = [.eTag: "\"a\""]
        twice.append(HTTPField(name: .eTag, value: "\"b\""))
        #expect(validator(twice) == .none)
    }

    @Test("A tag without quotes is invalid, so the date counts")
    func unquoted() {
        var headers: HTTPFields = [.eTag: "5c7486cdb788792dfb0ea3928e075a2df9960578"]
        #expect(validator(headers) == .none)
        headers[.lastModified] = "Sun, 06 Nov 1994 08:49:37 GMT"
        headers[.date] = "Mon, 07 Nov 1994 08:49:37 GMT"
        #expect(validator(headers) == .lastModified("Sun, 06 Nov 1994 08:49:37 GMT", length: 10))
    }

    @Test("Tags are compared and sent by their octets")
    func octets() {
        let tag = Array("\"".utf8) + [0xe9] + Array("\"".utf8)
        var headers = HTTPFields()
        headers.append(HTTPField(name: .eTag, value: tag))
        guard case .etag(let value) = validator(headers) else {
            Issue.record("no entity tag")
            return
        }
        #expect(value.octets == tag)
        #expect(Validator.etag(value).spanCondition.field?.content.octets == tag)
        #expect(validator([.eTag: "\"\u{e9}\""]) != validator([.eTag: "\"e\u{301}\""]))
    }

    @Test("Last-Modified counts with a length and from an age of one minute at the response's Date")
    func lastModified() {
        let modified: HTTPField.Value = "Sun, 06 Nov 1994 08:49:37 GMT"
        func validator(at date: String?, length: Int64? = 10) -> Validator {
            var headers: HTTPFields = [.lastModified: modified.text]
            headers[.date] = date
            return self.validator(headers, length: length)
        }
        #expect(validator(at: "Sun, 06 Nov 1994 08:50:37 GMT") == .lastModified(modified, length: 10))
        #expect(validator(at: "Sun, 06 Nov 1994 08:50:36 GMT") == .none)
        #expect(validator(at: "Sun, 06 Nov 1994 08:49:00 GMT") == .none)
        #expect(validator(at: nil) == .none)
        #expect(validator(at: "Sun, 06 Nov 1995 08:50:37 GMT", length: nil) == .none)
    }

    @Test("Spans carry If-Match or If-Unmodified-Since, resumes carry If-Range")
    func conditions() {
        #expect(Validator.etag("\"a\"").spanCondition == .ifMatch("\"a\""))
        #expect(Validator.etag("\"a\"").resumeCondition == .ifRange("\"a\""))
        #expect(Validator.lastModified("d", length: 1).spanCondition == .ifUnmodifiedSince("d"))
        #expect(Validator.lastModified("d", length: 1).resumeCondition == .ifRange("d"))
        #expect(Validator.none.spanCondition == .none)
        #expect(Validator.none.resumeCondition == .none)
    }
}
