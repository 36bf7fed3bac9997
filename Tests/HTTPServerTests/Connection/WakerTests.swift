import SeedTestSupport
import Testing

@testable import HTTPServer

@Suite("Wake-ups of one event loop (rule:coalesced-wake-ups)")
struct WakerTests {
    @Test("However many come while the loop is busy, the responder is woken once")
    func oneWakeUp() async throws {
        try await withServer { server in
            let client = try server.client()
            try client.send("GET /wait HTTP/1.1\r\nHost: h\r\n\r\n")
            let request = try #require(server.next())
            let (isBusy, mayGoOn) = (Note<Bool>(), Note<Bool>())
            request.run { _ in
                isBusy.write(true)
                _ = mayGoOn.read()
            }
            #expect(isBusy.read() == true)
            for _ in 0..<1_000 { request.wakeUp() }
            mayGoOn.write(true)
            request.respond("done")
            #expect(try client.readResponse().text == "done")
            #expect(request.wakeUps.current == 1)
        }
    }

    @Test("What comes after a wake-up was delivered needs another one")
    func again() async throws {
        try await withServer { server in
            let client = try server.client()
            try client.send("GET /wait HTTP/1.1\r\nHost: h\r\n\r\n")
            let request = try #require(server.next())
            for count in 1...10 {
                request.wakeUp()
                let woken = request.wakeUps.changed.wait(within: 30) { request.wakeUps.current == count ? true : nil }
                #expect(woken == true)
            }
            request.respond("done")
            #expect(try client.readResponse().status == 200)
        }
    }

    @Test("A wake-up after its connection is gone, or for a request that was answered, does no harm")
    func late() async throws {
        try await withServer { server in
            let client = try server.client()
            try client.send("GET /wait HTTP/1.1\r\nHost: h\r\n\r\n")
            let first = try #require(server.next())
            first.respond("1")
            #expect(try client.readResponse().text == "1")
            first.wakeUp()
            try client.send("GET /wait HTTP/1.1\r\nHost: h\r\n\r\n")
            let second = try #require(server.next())
            client.reset()
            #expect(second.ended.read() == true)
            for _ in 0..<100 { second.wakeUp() }
            let other = try server.client()
            try other.send("GET /bytes/1 HTTP/1.1\r\nHost: h\r\n\r\n")
            #expect(try other.readResponse().body == Pattern.array(1))
            #expect(first.wakeUps.current == 0 && second.wakeUps.current == 0)
        }
    }
}
