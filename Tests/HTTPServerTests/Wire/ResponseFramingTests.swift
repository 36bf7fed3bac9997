import SeedSupport
import Testing

@testable import HTTPServer

@Suite("How the end of a response is told")
struct ResponseFramingTests {
    typealias Body = ResponseFraming.Body

    @Test(
        "Head, body and connection follow from one decision (RFC 9112 §6.3)",
        arguments: [
            (ResponseBody.length(3), 200, false, 1, "Content-Length: 3\r\n", Body.length(3)),
            (.length(3), 200, false, 0, "Content-Length: 3\r\n", .length(3)),
            (.length(3), 200, true, 1, "Content-Length: 3\r\n", .none),
            (.streamed, 200, false, 1, "Transfer-Encoding: chunked\r\n", .chunked),
            (.streamed, 200, false, 0, "", .untilClose),
            (.streamed, 200, true, 1, "Transfer-Encoding: chunked\r\n", .none),
            (.streamed, 200, true, 0, "", .none),
            (.untilClose, 200, false, 1, "", .untilClose),
            (.untilClose, 200, true, 1, "", .none),
            (.none, 200, false, 1, "", .none),
            (.length(3), 204, false, 1, "", .none),
            (.streamed, 304, false, 1, "", .none),
            (.untilClose, 304, false, 1, "", .none),
        ])
    func table(
        _ body: ResponseBody, _ status: Int, _ isHead: Bool, _ minorVersion: Int, _ told: String, _ sent: Body
    ) {
        let framing = ResponseFraming(body, status: status, isHead: isHead, minorVersion: minorVersion)
        var head = HeadBytes()
        framing.write(to: &head)
        #expect(head.bytes == Bytes(told))
        #expect(framing.sent == sent)
        #expect(framing.endsByClosing == (sent == .untilClose))
        // What is left out may be sent without harm; more than was promised may not.
        #expect(framing.isLeftOut == (isHead || status != 200))
    }
}
