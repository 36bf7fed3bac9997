import Foundation
import SeedSupport
import SeedTestSupport
import Testing

@testable import SeedProxy

@Suite("Kept connections of what goes straight through")
struct PassThroughConnectionTests {
    @Test("1,000 small requests, eight at a time, open at most eight connections")
    func fewConnections() async throws {
        let connections = Lock(0)
        try await withPassThroughHarness({ connection in
            connections.withLock { $0 += 1 }
            while true {
                _ = try connection.readRequest()
                try connection.send("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello")
            }
        }) { harness, origin, _ in
            let (right, ended) = (Lock(0), Lock(0))
            for _ in 0..<8 {
                let client = try harness.client()
                Thread.detachNewThread {
                    for _ in 0..<125 {
                        try? client.send("GET http://127.0.0.1:\(origin.port)/ HTTP/1.1\r\nHost: x\r\n\r\n")
                        if (try? client.readResponse())?.text == "hello" { right.withLock { $0 += 1 } }
                    }
                    ended.withLock { $0 += 1 }
                }
            }
            #expect(eventually { ended.withLock { $0 } == 8 })
            #expect(right.withLock { $0 } == 1_000)
        }
        #expect((1...8).contains(connections.withLock { $0 }))
    }

    @Test("An origin's unsolicited second response reaches no client", arguments: ["GET", "PUT"])
    func unsolicited(_ method: String) async throws {
        let (connections, isTaken, isSent) = (Lock(0), Note<Bool>(), Note<Bool>())
        try await withPassThroughHarness({ connection in
            let number = connections.withLock { count in
                count += 1
                return count
            }
            while true {
                let request = try connection.readRequest()
                if request.hasPrefix("PUT") { _ = try connection.read(exactly: 2) }
                try connection.send("HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\n\(number)")
                guard number == 1 else { continue }
                _ = isTaken.read()
                try connection.send("HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nEVIL")
                isSent.write(true)
            }
        }) { _, origin, client in
            try client.send("GET http://127.0.0.1:\(origin.port)/1 HTTP/1.1\r\nHost: x\r\n\r\n")
            #expect(try client.readResponse().text == "1")
            isTaken.write(true)
            try #require(isSent.read() == true)
            for _ in 0..<2 {
                let body = method == "PUT" ? "Content-Length: 2\r\n\r\nup" : "\r\n"
                try client.send("\(method) http://127.0.0.1:\(origin.port)/2 HTTP/1.1\r\nHost: x\r\n\(body)")
                #expect(try client.readResponse().text == "2")
            }
        }
    }

    @Test("What one client proves by NTLM doesn't serve another")
    func ntlm() async throws {
        try await withPassThroughHarness({ connection in
            var proof = "nobody"
            while true {
                let request = try connection.readRequest()
                if request.contains("NTLM") { proof = "somebody" }
                try connection.send("HTTP/1.1 200 OK\r\nContent-Length: \(proof.utf8.count)\r\n\r\n\(proof)")
            }
        }) { harness, origin, somebody in
            let other = try harness.client()
            for _ in 0..<3 {
                for (client, field, response) in [
                    (somebody, "Authorization: NTLM TlR\r\n", "somebody"), (other, "", "nobody"),
                ] {
                    try client.send("GET http://127.0.0.1:\(origin.port)/ HTTP/1.1\r\nHost: x\r\n\(field)\r\n")
                    #expect(try client.readResponse().text == response)
                }
            }
        }
    }

    @Test("An upload whose kept connection breaks is sent once, and is the origin's failure", arguments: [9, 4 << 20])
    func brokenUpload(_ length: Int) async throws {
        let uploads = Lock(0)
        try await withPassThroughHarness({ connection in
            while true {
                let request = try connection.readRequest()
                if request.hasPrefix("PUT") {
                    uploads.withLock { $0 += 1 }
                    return
                }
                try connection.send("HTTP/1.1 204 No Content\r\n\r\n")
            }
        }) { _, origin, client in
            try client.send("GET http://127.0.0.1:\(origin.port)/ HTTP/1.1\r\nHost: x\r\n\r\n")
            #expect(try client.readResponse().status == 204)
            try client.send(
                "PUT http://127.0.0.1:\(origin.port)/ HTTP/1.1\r\nHost: x\r\nContent-Length: \(length)\r\n\r\n")
            Thread.detachNewThread { try? client.send([UInt8](repeating: 1, count: length)) }
            let response = try client.readResponse()
            #expect(response.status == 502 && response["X-Dragonfly-Error-Type"] == "backend")
        }
        #expect(uploads.withLock { $0 } == 1)
    }

    @Test("Where the origin closes in the moment of reuse, only what may be repeated arrives twice")
    func closesAtReuse() async throws {
        let origin = try ClosingServer()
        var failures = 0
        try await withPassThroughHarness({ _ in }) { _, _, client in
            for round in 0..<ClosingServer.rounds {
                let method = ["GET", "POST", "PUT", "DELETE"][round % 4]
                let body = method.hasPrefix("P") ? "Content-Length: 4\r\n\r\nbody" : "\r\n"
                try client.send("\(method) \(origin.url)/\(round) HTTP/1.1\r\nHost: x\r\n\(body)")
                let response = try client.readResponse()
                if response.status == 200 {
                    #expect(response.text == "/\(round)")
                } else {
                    failures += 1
                    #expect(method != "GET" && response.status == 502)
                }
            }
        }
        origin.stop()
        #expect(origin.arrivals.count >= ClosingServer.rounds - failures)
        #expect(origin.arrivals.allSatisfy { $0.value == 1 || $0.key.hasPrefix("GET") && $0.value == 2 })
        #expect(origin.closes >= ClosingServer.rounds / 2)
    }
}
