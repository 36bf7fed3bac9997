import DragonflyRequest
import Foundation
import HTTPSemantics
import SeedTestSupport
import Testing

@Suite("https goes through a tunnel")
struct TunnelTests {
    private static let url = "https://origin.test/a//b?x=%7e&&y"

    @Test("By CONNECT, then inside TLS with the path as given, over one connection")
    func tunnel() async throws {
        let peer = try await blocking { try TunnelPeer() }
        defer { peer.stop() }
        let client = try EndpointClient(
            endpoints: [peer.url], configuration: .init(trust: .authorityPEM(TestCertificates.authority)))
        for _ in 1...3 {
            var buffer: [UInt8] = []
            try await client.get(GetRequest(url: Self.url, tag: "t"), into: &buffer)
            #expect(buffer == Array("secret".utf8))
        }
        #expect(peer.connects.map(\.target) == ["origin.test:443"])
        #expect(peer.connects.first?.headers.contains { $0.name.isDragonfly } == false)
        #expect(peer.requests.map(\.target) == Array(repeating: "/a//b?x=%7e&&y", count: 3))
        #expect(peer.requests.first?.headers[.host] == "origin.test")
        #expect(peer.requests.first?.headers[.dragonflyTag] == "t")
    }

    @Test("Credentials for the seed peer are for it alone")
    func proxyAuthorization() async throws {
        let peer = try await blocking { try TunnelPeer() }
        defer { peer.stop() }
        let client = try EndpointClient(
            endpoints: [peer.url], configuration: .init(trust: .authorityPEM(TestCertificates.authority)))
        let request = GetRequest(url: Self.url, headers: [.proxyAuthorization: "Basic YTpi"])
        #expect(try await client.get(request).status == 200)
        #expect(peer.connects.first?.headers[.proxyAuthorization] == "Basic YTpi")
        #expect(peer.requests.first?.headers[.proxyAuthorization] == nil)
        // A tunnel that was opened for one is not another's.
        #expect(try await client.get(GetRequest(url: Self.url)).status == 200)
        #expect(peer.connects.count == 2)
        let origin = try FaultyOrigin {
            $1.respond(body: [1]); _ = $0
        }
        defer { origin.stop() }
        let gone = try ClosedPort()
        defer { withExtendedLifetime(gone) {} }
        let falling = try EndpointClient(
            endpoints: [gone.url], configuration: .init(retry: RetryPolicy(maxRetries: 0), fallsBackToOrigin: true))
        _ = try await falling.get(GetRequest(url: origin.url + "/f", headers: [.proxyAuthorization: "Basic YTpi"]))
        #expect(origin.requests.first?.headers[.proxyAuthorization] == nil)
    }

    @Test("The authority may come from a file")
    func authorityFile() async throws {
        let directory = try TemporaryDirectory()
        let file = directory.path("ca.pem")
        try TestCertificates.authority.write(toFile: file, atomically: true, encoding: .utf8)
        let peer = try await blocking { try TunnelPeer() }
        defer { peer.stop() }
        let client = try EndpointClient(endpoints: [peer.url], configuration: .init(trust: .authorityFile(file)))
        #expect(try await client.get(GetRequest(url: Self.url)).status == 200)
    }

    @Test(
        "Authorities that are none are refused at once",
        arguments: [PeerTrust.authorityPEM("x"), .authorityFile("/none.pem")])
    func badAuthority(trust: PeerTrust) {
        let error = #expect(throws: DragonflyError.self) {
            try EndpointClient(endpoints: ["http://127.0.0.1:1"], configuration: .init(trust: trust))
        }
        #expect(error?.kind == "invalid argument")
    }

    @Test("An untrusted certificate is refused, unless verification is off")
    func unknownAuthority() async throws {
        let peer = try await blocking { try TunnelPeer() }
        defer { peer.stop() }
        let strict = try EndpointClient(endpoints: [peer.url], configuration: .init(retry: RetryPolicy(maxRetries: 0)))
        let error = await #expect(throws: DragonflyError.self) { try await strict.get(GetRequest(url: Self.url)) }
        #expect(error?.description.contains("TLS") == true, "\(String(describing: error))")
        #expect(peer.requests.isEmpty)
        let trusting = try EndpointClient(endpoints: [peer.url], configuration: .init(trust: .unverified))
        #expect(try await trusting.get(GetRequest(url: Self.url)).status == 200)
    }

    @Test("A certificate for another name is refused")
    func otherName() async throws {
        let peer = try await blocking { try TunnelPeer() }
        defer { peer.stop() }
        let client = try EndpointClient(
            endpoints: [peer.url],
            configuration: .init(retry: RetryPolicy(maxRetries: 0), trust: .authorityPEM(TestCertificates.authority)))
        await #expect(throws: DragonflyError.self) { try await client.get(GetRequest(url: "https://other.test/")) }
        #expect(peer.connects.map(\.target) == ["other.test:443"])
        #expect(peer.requests.isEmpty)
        // An address inside the tunnel would be checked against the address of the seed peer.
        let error = await #expect(throws: DragonflyError.self) {
            try await client.get(GetRequest(url: "https://127.0.0.1:8443/"))
        }
        #expect(error?.kind == "invalid argument")
    }

    @Test(
        "A refused tunnel says who refused and with what status",
        arguments: [
            (403, "proxy"), (407, "proxy"), (502, "backend"), (503, "dfdaemon"),
        ])
    func refusedTunnel(status: Int, type: String) async throws {
        let peer = try await blocking {
            try TunnelPeer(refusal: ("\(status) Refused", ["X-Dragonfly-Error-Type: \(type)", "Connection: close"]))
        }
        defer { peer.stop() }
        let client = try EndpointClient(endpoints: [peer.url], configuration: .init(retry: RetryPolicy(maxRetries: 1)))
        let error = await #expect(throws: DragonflyError.self) { try await client.get(GetRequest(url: Self.url)) }
        #expect(error?.kind == type)
        #expect(error?.refusal?.status == status)
        #expect(peer.connects.count == (status >= 500 ? 2 : 1))
    }

    @Test("A peer that answers CONNECT and then no TLS fails in time")
    func noTLS() async throws {
        let peer = try FaultyOrigin { _, connection in
            connection.head("200 OK")
            connection.stall()
        }
        defer { peer.stop() }
        let client = try EndpointClient(
            endpoints: [peer.url],
            configuration: .init(
                retry: RetryPolicy(maxRetries: 0), connectTimeout: .milliseconds(300), trust: .unverified))
        let error = await #expect(throws: DragonflyError.self) { try await client.get(GetRequest(url: Self.url)) }
        #expect(error?.kind == "request_timeout", "\(String(describing: error))")
    }
}
