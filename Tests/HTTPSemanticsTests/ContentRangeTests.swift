import HTTPSemantics
import Testing

@Suite("Content-Range and Content-Length")
struct ContentRangeTests {
    @Test(
        "A part and its whole",
        arguments: [
            ("bytes 0-99/1000", ContentRange.part(ByteRange(0, 100), total: 1000)),
            ("BYTES 0-99/1000", .part(ByteRange(0, 100), total: 1000)),
            ("Bytes 5-5/6", .part(ByteRange(5, 6), total: 6)), ("bytes 0-99/*", .part(ByteRange(0, 100), total: nil)),
            ("bytes */1000", .unsatisfied(total: 1000)),
            ("bytes 0-9223372036854775806/*", .part(ByteRange(0, .max), total: nil)),
        ])
    func wellFormed(_ text: String, _ expected: ContentRange) {
        #expect(ContentRange(parsing: text) == expected)
        #expect(ContentRange(parsing: expected.description) == expected)
    }

    @Test(
        "Anything else is nil",
        arguments: [
            "", "bytes", "bytes ", "bytes=0-1/2", "items 0-1/2", "bytes 0-1", "bytes 0-1/", "bytes 1-0/2",
            "bytes 0-2/2",
            "bytes */*", "bytes 0-1/2/3", "bytes 0-1-2/3", "bytes  0-1/2", "bytes -1/2", "bytes 0-/2", "bytes +0-1/2",
            "bytes 0-9223372036854775807/*", "bytes 0-99999999999999999999/*", "bytes 0-1/99999999999999999999",
            "bytes 0-1/2 ", " bytes 0-1/2", "byte\u{301}s 0-1/2",
        ])
    func malformed(_ text: String) {
        #expect(ContentRange(parsing: text) == nil)
    }

    @Test("Two fields say nothing; lengths must agree")
    func fields() {
        var headers: HTTPFields = [.contentRange: "bytes 0-0/1", .contentLength: "1"]
        #expect(headers.contentRange == .part(ByteRange(0, 1), total: 1) && headers.contentLength == 1)
        headers.append(HTTPField(name: .contentRange, value: "bytes 0-0/1"))
        headers.append(HTTPField(name: .contentLength, value: "1"))
        #expect(headers.contentRange == nil && headers.contentLength == 1)
        headers.append(HTTPField(name: .contentLength, value: "2"))
        #expect(headers.contentLength == nil && HTTPFields().contentLength == nil)
        for text in ["-1", "+1", "1 2", "1, 1", "", "0x1", "9223372036854775808"] {
            #expect(([.contentLength: text] as HTTPFields).contentLength == nil, "\(text)")
        }
    }
}
