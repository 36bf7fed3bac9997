import Foundation
import SeedTestSupport
import Testing

@Suite("The admin port", .serialized)
struct AdminTests {
    /// Asks the admin port.
    private func ask(_ harness: ServerHarness, _ method: String, _ path: String) throws -> (status: Int, text: String) {
        let client = try RawClient(port: harness.peer.port("admin"))
        try client.send("\(method) \(path) HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
        let response = try client.readResponse()
        return (response.status, response.text)
    }

    @Test("A pinned task stays while others are evicted, over a restart too; let go of, it goes like all others")
    func pins() throws {
        let directory = try TemporaryDirectory()
        try ServerHarness.with(extra: "gc: {policy: {diskThreshold: \(48 << 20)}}", in: directory) { harness in
            let file = try harness.makeFile("kept", length: 4 << 20)
            let response = try harness.peer.get(harness.url("kept"))
            #expect(response.body == file)
            let id = try #require(response["x-dragonfly-task-id"])
            try harness.waitUntilRecorded(4 << 20)
            #expect(try ask(harness, "PUT", "/tasks/\(id)/pin").status == 204)
            let told = try ask(harness, "GET", "/tasks/\(id)")
            #expect(told.status == 200)
            #expect(told.text.contains("\"isPinned\":true") && told.text.contains("\"contentLength\":\(4 << 20)"))
            try pushOut(harness, "a")
            try harness.afterKill { next in
                try pushOut(next, "b")
                #expect(try next.peer.get(next.url("kept"))["cache-status"] == "seed-peer; hit")
                #expect(try ask(next, "DELETE", "/tasks/\(id)/pin").status == 204)
                #expect(try ask(next, "GET", "/tasks/\(id)").text.contains("\"isPinned\":false"))
                try pushOut(next, "c")
                try pushOut(next, "d")
                #expect(try next.peer.get(next.url("kept"))["cache-status"] != "seed-peer; hit")
            }
        }
    }

    @Test("An unknown or invalid id is 404 and says what to do; other methods are 404 or 405")
    func unknown() throws {
        try ServerHarness.with { harness in
            let ids = [String(repeating: "a", count: 64), "x", "..%2f..%2fetc", String(repeating: "9", count: 3_000)]
            for id in ids {
                let response = try ask(harness, "PUT", "/tasks/\(id)/pin")
                #expect(response.status == 404)
                #expect(response.text.contains("seed-peer task-id"))
            }
            #expect(try [404, 405].contains(ask(harness, "POST", "/tasks/x/pin").status))
            #expect(try ask(harness, "GET", "/").text.contains("PUT /tasks/"))
        }
    }

    /// As many other objects as the store has room for.
    private func pushOut(_ harness: ServerHarness, _ name: String) throws {
        for number in 0..<12 {
            let file = try harness.makeFile("\(name)-\(number)", length: 4 << 20)
            #expect(try harness.peer.get(harness.url("\(name)-\(number)")).body == file)
        }
    }
}
