import HTTPSemantics
import SeedSupport
import Testing

@testable import HTTPServer

@Suite("Writing heads")
struct HeadBytesTests {
    @Test(
        "Numbers are written digit by digit",
        arguments: [
            0, 1, 9, 10, 11, 99, 100, 101, 999, 1_000, 65_535, 1_234_567, 67_108_864, 4_294_967_296, Int64.max - 1,
            .max,
        ])
    func numbers(_ number: Int64) {
        var head = HeadBytes()
        head.field("N", number)
        head.contentRange(number / 2, number, of: number)
        #expect(
            head.bytes.description
                == "N: \(number)\r\nContent-Range: bytes \(number / 2)-\(max(0, number - 1))/\(number)\r\n")
    }

    @Test("The largest number has twenty digits")
    func largest() {
        var head = HeadBytes()
        head.field("N", UInt64.max)
        #expect(head.bytes.description == "N: 18446744073709551615\r\n")
    }

    @Test("It grows, whatever the room at first", arguments: [1, 2, 3, 20, 100])
    func growing(_ capacity: Int) {
        var head = HeadBytes(capacity: capacity)
        head.line("HTTP/1.1 ", "200", " OK")
        for index in 0..<100 { head.field("X-Number", index) }
        head.fields([.eTag: "\"x\"", .via: "1.1 a"])
        let numbers = (0..<100).map { "X-Number: \($0)\r\n" }.joined()
        #expect(head.bytes.description == "HTTP/1.1 200 OK\r\n\(numbers)ETag: \"x\"\r\nVia: 1.1 a\r\n")
    }

    @Test(
        "Every status has its line", arguments: [(200, "OK"), (206, "Partial Content"), (404, "Not Found"), (799, "")])
    func statusLines(_ status: Int, _ reason: String) {
        let head = HeadBytes(status: status)
        #expect(head.bytes.description == "HTTP/1.1 \(status) \(reason)\r\n" && head.status == status)
    }
}
