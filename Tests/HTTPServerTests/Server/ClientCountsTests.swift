import SeedSupport
import Testing

@testable import HTTPServer

@Suite("Connections of each client")
struct ClientCountsTests {
    private func address(_ text: String) throws -> IPAddress { try #require(IPAddress(text)) }

    @Test("A client is an IPv4 address or an IPv6 /64 (rule:client-address)")
    func clients() throws {
        let counts = ClientCounts(limit: 1)
        #expect(counts.enter(try address("192.0.2.1")))
        #expect(counts.enter(try address("192.0.2.2")))
        #expect(!counts.enter(try address("192.0.2.1")))
        #expect(counts.enter(try address("2001:db8::1")))
        #expect(!counts.enter(try address("2001:db8::ffff:1:2:3")))
        #expect(counts.enter(try address("2001:db8:0:1::1")))
        counts.leave(try address("2001:db8::9"))
        #expect(counts.enter(try address("2001:db8::2")))
    }

    @Test("No limit is no count")
    func unlimited() throws {
        let counts = ClientCounts(limit: 0)
        for _ in 0..<100 { #expect(counts.enter(try address("192.0.2.1"))) }
    }
}
