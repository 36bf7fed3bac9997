import HTTPSemantics
import HTTPServer
import HTTPTransfers
import SeedEngine
import SeedOrigin
import Testing

@testable import SeedProxy

@Suite("What a client is told of an origin's head")
struct PassThroughResponseTests {
    private func told(
        _ status: Int, _ fields: HTTPFields, to request: String = "GET / HTTP/1.1", askedOneByte: Bool = false
    ) throws -> PassThroughResponse {
        PassThroughResponse(
            TransferHead(status: status, fields: fields), to: try .parsed(request + "\r\nHost: h\r\n\r\n"),
            askedOneByte: askedOneByte)
    }

    @Test("The body ends as it does at the origin")
    func bodies() throws {
        let length: HTTPFields = [.contentLength: "3"]
        let chunked: HTTPFields = [.transferEncoding: "chunked"]
        #expect(try told(200, length) == .respond(status: 200, fields: [:], body: .length(3)))
        #expect(try told(200, chunked) == .respond(status: 200, fields: [:], body: .streamed))
        #expect(try told(200, [:]) == .respond(status: 200, fields: [:], body: .untilClose))
        #expect(try told(204, length) == .respond(status: 204, fields: [:], body: .none))
        #expect(try told(304, length) == .respond(status: 304, fields: length, body: .none))
        #expect(try told(200, length, to: "HEAD / HTTP/1.1") == .respond(status: 200, fields: length, body: .none))
        #expect(try told(404, length, to: "HEAD / HTTP/1.1") == .respond(status: 404, fields: length, body: .none))
    }

    @Test("HEAD that is refused, or answered without a length, is asked by GET of one byte")
    func oneByte() throws {
        for status in [403, 405, 501] {
            #expect(try told(status, [.contentLength: "3"], to: "HEAD / HTTP/1.1") == .askOneByte)
            #expect(try told(status, [:], to: "HEAD / HTTP/1.1", askedOneByte: true) != .askOneByte)
        }
        #expect(try told(200, [:], to: "HEAD / HTTP/1.1") == .askOneByte)
        #expect(try told(204, [:], to: "HEAD / HTTP/1.1") != .askOneByte)
    }

    @Test("Of the response to one byte the total is the length")
    func total() throws {
        func head(_ status: Int, _ fields: HTTPFields) throws -> PassThroughResponse {
            try told(status, fields, to: "HEAD / HTTP/1.1", askedOneByte: true)
        }
        let part: HTTPFields = [.contentRange: "bytes 0-0/1234", .contentLength: "1", .eTag: "\"e\""]
        #expect(
            try head(206, part) == .respondToHead(status: 200, fields: [.contentLength: "1234", .eTag: "\"e\""]))
        let empty: HTTPFields = [.contentRange: "bytes */0", .contentLength: "9"]
        #expect(try head(416, empty) == .respondToHead(status: 200, fields: [.contentLength: "0"]))
        #expect(
            try head(206, [.contentRange: "bytes 0-0/*", .contentLength: "1"])
                == .respondToHead(status: 206, fields: [.contentLength: "1"]))
        #expect(
            try head(403, [.contentLength: "7"]) == .respondToHead(status: 403, fields: [.contentLength: "7"]))
    }

    @Test(
        "Each failure of an origin has its status and its culprit",
        arguments: [
            (OriginError.Kind.unreachable, 502, "backend"), (.cut, 502, "backend"), (.tls, 502, "backend"),
            (.badResponse, 502, "backend"), (.tooManyRedirects, 502, "backend"), (.circuitOpen, 502, "backend"),
            (.timeout, 504, "backend"), (.blocked, 403, "proxy"), (.badURL, 400, "proxy"), (.loop, 508, "proxy"),
            (.local, 503, "dfdaemon"),
        ])
    func errors(_ kind: OriginError.Kind, _ status: Int, _ errorType: String) {
        let refusal = Refusal(OriginError(kind, "It failed."))
        #expect(refusal.status == status && refusal.errorType.rawValue == errorType && refusal.message == "It failed.")
        #expect(refusal.hint == (kind == .local ? .retryAfter(1) : nil))
        let waiting = Refusal(OriginError(kind, "It failed.", retryAfter: .milliseconds(1500)))
        #expect(waiting.hint == .retryAfter(1))
        #expect(Refusal(RequestError.inputFull).hint == .retryAfter(1))
        #expect(Refusal(RequestError.slowHead).hint == nil)
    }
}
