import Foundation
import SeedSupport
import SeedTestSupport
import Testing

@testable import SeedProxy

@Suite("Bodies that go straight through")
struct PassThroughBodyTests {
    @Test("64 MiB go up and come back while both sides stream")
    func echo() async throws {
        let count = 64 << 20
        try await withPassThroughHarness({ connection in
            _ = try connection.readRequest()
            try connection.send("HTTP/1.1 200 OK\r\nContent-Length: \(count)\r\n\r\n")
            var echoed = 0
            while echoed < count {
                let part = try connection.read(atMost: 1 << 20)
                try connection.send(part)
                echoed += part.count
            }
        }) { harness, origin, client in
            let object = TestObject(count: count)
            try client.send(
                "POST http://127.0.0.1:\(origin.port)/up HTTP/1.1\r\nHost: x\r\nContent-Length: \(count)\r\n\r\n")
            Thread.detachNewThread { try? client.send(object.bytes) }
            let response = try client.readResponse()
            #expect(response.status == 200)
            #expect(object.matches(response.body))
            #expect(response["Cache-Status"] == "seed-peer; fwd=bypass")
            #expect(harness.server.metrics.bypasses.current == 1)
        }
    }

    @Test("Chunked bodies stay chunked both ways, and the connection serves the next request")
    func chunked() async throws {
        try await withPassThroughHarness({ connection in
            // It stays open: a request with a body is not sent again when its connection has ended.
            while true {
                let request = try connection.readRequest()
                guard request.contains("Transfer-Encoding: chunked") else { return }
                var body = ""
                while case let line = try connection.readLine(), line != "0" {
                    body += String(decoding: try connection.read(exactly: Int(line, radix: 16) ?? 0), as: UTF8.self)
                    _ = try connection.readLine()
                }
                _ = try connection.readLine()
                try connection.send(
                    "HTTP/1.1 201 Created\r\nTransfer-Encoding: chunked\r\n\r\n5\r\n\(body)\r\n0\r\n\r\n")
            }
        }) { _, origin, client in
            for _ in 0..<2 {
                try client.send(
                    "PUT http://127.0.0.1:\(origin.port)/ HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n"
                        + "2\r\nhe\r\n3\r\nllo\r\n0\r\n\r\n")
                let response = try client.readResponse()
                #expect(response.status == 201)
                #expect(response["Transfer-Encoding"] == "chunked")
                #expect(response.text == "hello")
            }
        }
    }

    @Test("A body without length or last chunk is relayed up to the connection's end")
    func untilClose() async throws {
        try await withPassThroughHarness({ connection in
            _ = try connection.readRequest()
            try connection.send("HTTP/1.1 200 OK\r\n\r\nall of it")
        }) { _, origin, client in
            try client.send("GET http://127.0.0.1:\(origin.port)/ HTTP/1.1\r\nHost: x\r\n\r\n")
            let response = try client.readResponse()
            #expect(response["Connection"] == "close")
            #expect(response["Content-Length"] == nil)
            #expect(response.text == "all of it")
        }
    }

    @Test("An HTTP/1.0 client gets a chunked body up to the connection's end")
    func oldClient() async throws {
        try await withPassThroughHarness({ connection in
            _ = try connection.readRequest()
            try connection.send("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n")
        }) { _, origin, client in
            try client.send("GET http://127.0.0.1:\(origin.port)/ HTTP/1.0\r\nConnection: keep-alive\r\n\r\n")
            let response = try client.readResponse()
            #expect(response["Transfer-Encoding"] == nil)
            #expect(response["Connection"] == "close")
            #expect(response.text == "abc")
        }
    }

    @Test("An origin cannot take the length off its body, nor off ours")
    func nominatedLength() async throws {
        try await withPassThroughHarness({ connection in
            _ = try connection.readRequest()
            try connection.send("HTTP/1.1 200 OK\r\nConnection: content-length\r\nContent-Length: 3\r\n\r\nabc")
        }) { _, origin, client in
            try client.send("GET http://127.0.0.1:\(origin.port)/ HTTP/1.1\r\nHost: x\r\n\r\n")
            let response = try client.readResponse()
            #expect(response.text == "abc")
            #expect(response["Content-Length"] == "3")
        }
    }

    @Test("The response to HEAD has the origin's length and no body")
    func headMethod() async throws {
        try await withPassThroughHarness({ connection in
            _ = try connection.readRequest()
            try connection.send("HTTP/1.1 200 OK\r\nContent-Length: 12345\r\n\r\n")
        }) { _, origin, client in
            for _ in 0..<2 {
                try client.send("HEAD http://127.0.0.1:\(origin.port)/ HTTP/1.1\r\nHost: x\r\n\r\n")
                let response = try client.readResponse(hasBody: false)
                #expect(response["Content-Length"] == "12345")
            }
        }
    }

    @Test("Interim responses reach the client before the real one")
    func interim() async throws {
        try await withPassThroughHarness({ connection in
            _ = try connection.readRequest()
            try connection.send("HTTP/1.1 100 Continue\r\n\r\n")
            let body = try connection.read(exactly: 3)
            try connection.send("HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\n" + String(decoding: body, as: UTF8.self))
        }) { _, origin, client in
            try client.send(
                "POST http://127.0.0.1:\(origin.port)/ HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: 3\r\n\r\n"
            )
            #expect(try client.readHead().status == 100)
            try client.send("abc")
            #expect(try client.readResponse().text == "abc")
        }
    }

    @Test("A response before the end of the request arrives whole and ends the connection")
    func earlyResponse() async throws {
        try await withPassThroughHarness({ connection in
            _ = try connection.readRequest()
            try connection.send("HTTP/1.1 413 Content Too Large\r\nContent-Length: 3\r\n\r\nbig")
            _ = try? connection.readToEnd()
        }) { _, origin, client in
            try client.send(
                "POST http://127.0.0.1:\(origin.port)/ HTTP/1.1\r\nHost: x\r\nContent-Length: 1000000\r\n\r\nabc")
            let response = try client.readResponse()
            #expect(response.status == 413)
            #expect(response.text == "big")
            try client.send([UInt8](repeating: 0, count: 100_000))
            #expect(try client.read().isEmpty)
        }
    }

    @Test("A client that closes its side after the request still gets its response")
    func halfClosed() async throws {
        try await withPassThroughHarness({ connection in
            _ = try connection.readRequest()
            let body = try connection.read(exactly: 3)
            try connection.send("HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\n" + String(decoding: body, as: UTF8.self))
        }) { _, origin, client in
            try client.send("POST http://127.0.0.1:\(origin.port)/ HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\n\r\nabc")
            client.closeWriting()
            #expect(try client.readResponse().text == "abc")
            #expect(try client.readToEnd().isEmpty)
        }
    }

    @Test("A client that doesn't read holds the origin back")
    func slowReader() async throws {
        let accepted = Note<Int>()
        try await withPassThroughHarness({ connection in
            connection.setTimeout(1)
            _ = try connection.readRequest()
            var sent = 0
            do {
                try connection.send("HTTP/1.1 200 OK\r\nContent-Length: \(1 << 30)\r\n\r\n")
                let part = [UInt8](repeating: 7, count: 1 << 20)
                while sent < 1 << 30 {
                    try connection.send(part)
                    sent += part.count
                }
            } catch { accepted.write(sent) }
        }) { harness, origin, _ in
            let client = try harness.client(receiveBuffer: 65_536)
            try client.send("GET http://127.0.0.1:\(origin.port)/ HTTP/1.1\r\nHost: x\r\n\r\n")
            let count = try #require(accepted.read(within: 60))
            // What the kernel's buffers and ours hold, and not the object.
            #expect(count < 64 << 20)
        }
    }
}
