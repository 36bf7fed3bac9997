import SeedSupport
import SeedTestSupport
import Testing

@testable import HTTPServer

@Suite("Reading request bodies")
struct BodyReaderTests {
    private static let head = "POST http://h/ HTTP/1.1\r\nHost: h\r\n"

    /// What comes out, read in pieces of that size.
    private func read(_ text: String, by size: Int) -> (body: String, last: String) {
        var reader = ReaderUnderTest()
        var (body, last) = ("", "")
        let bytes = Array(text.utf8)
        for start in stride(from: 0, to: bytes.count, by: size) {
            reader.receive(bytes[start..<min(start + size, bytes.count)])
            while let part = reader.next() {
                if case .body(let bytes) = part { body += bytes.description }
                last = part.summary
            }
        }
        return (body, last)
    }

    @Test(
        "Bodies come out whole, however they are cut",
        arguments: [
            ("Content-Length: 5\r\n\r\nhello", "hello"),
            ("Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n", "hello"),
            (
                "Transfer-Encoding: chunked\r\n\r\n00a\r\n0123456789\r\nA\r\n0123456789\r\n0\r\n\r\n",
                "01234567890123456789"
            ),
            (
                "Transfer-Encoding: chunked\r\n\r\n2;a\r\nhe\r\n3 ; b = \"c \\\"d\" ;e=f\r\nllo\r\n0;x\r\nT: 1\r\n\r\n",
                "hello"
            ),
            ("Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n", ""),
        ])
    func whole(_ text: String, _ body: String) {
        for size in 1...60 {
            let result = read(Self.head + text, by: size)
            #expect(result.body == body, "reads of \(size)")
            #expect(result.last == "|end", "reads of \(size)")
        }
    }

    @Test("A malformed body is refused, however it is cut", arguments: Smuggling.bodies)
    func refused(_ shape: Smuggling.Shape) {
        for size in [1, 3, 7, 1000, 100_000] {
            #expect(read(shape.text, by: size).last == "malformed \(shape.status)", "reads of \(size)")
        }
    }

    @Test("The request after a body begins right behind it")
    func next() {
        let two = Self.head + "Transfer-Encoding: chunked\r\n\r\n1\r\nx\r\n0\r\n\r\nGET /2 HTTP/1.1\r\nHost: a\r\n\r\n"
        #expect(read(two, by: 5).last == "GET /2 1")
        let empty = Self.head + "Content-Length: 0\r\n\r\nGET /3 HTTP/1.1\r\nHost: a\r\n\r\n"
        #expect(read(empty, by: 5).last == "GET /3 1")
    }
}
