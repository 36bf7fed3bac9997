import HTTPSemantics
import Testing

@Suite("Methods and statuses")
struct MessageTests {
    @Test("Methods are told apart by case")
    func methods() {
        #expect(HTTPMethod("GET") == .get && HTTPMethod("get") != .get && HTTPMethod("get")?.rawValue == "get")
        #expect(HTTPMethod("") == nil && HTTPMethod("A B") == nil && HTTPMethod("PROPFIND")?.isSafe == false)
        #expect(HTTPMethod.head.isSafe && !HTTPMethod.put.isSafe)
        #expect(HTTPMethod.put.isIdempotent && HTTPMethod.delete.isIdempotent && !HTTPMethod.post.isIdempotent)
    }

    @Test("Statuses know their reason and their kind")
    func statuses() {
        let reasons = [
            101: "Switching Protocols", 200: "OK", 206: "Partial Content", 304: "Not Modified", 404: "Not Found",
            416: "Range Not Satisfiable", 429: "Too Many Requests", 502: "Bad Gateway", 507: "Insufficient Storage",
            299: "", 306: "", 418: "", 599: "", 0: "",
        ]
        for (code, reason) in reasons { #expect(HTTPStatus(code).reasonPhrase == reason) }
        #expect((300..<400).filter { HTTPStatus($0).isRedirect } == [301, 302, 303, 307, 308])
        #expect((100..<600).filter { !HTTPStatus($0).allowsBody } == Array(100..<200) + [204, 304])
        #expect(HTTPStatus.ok.isSuccess && HTTPStatus.continue.isInterim && HTTPStatus.notFound.isClientError)
        #expect(HTTPStatus.badGateway.isServerError && "\(HTTPStatus.badGateway)" == "502 Bad Gateway")
    }
}
