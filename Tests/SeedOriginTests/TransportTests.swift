import Foundation
import HTTPSemantics
import HTTPTransfers
import SeedOrigin
import SeedSupport
import SeedTestSupport
import Testing

@Suite("Ways to an origin: TLS, HTTP/2, a proxy, IPv6")
struct TransportTests {
    private let object = pattern(3_000_000)

    private func withNginx(
        _ identity: TestAuthority.Identity?, _ adjust: (inout OriginConfiguration) -> Void,
        _ run: (Nginx, OriginGateway) throws -> Void
    ) throws {
        let directory = try TemporaryDirectory()
        try Data(object).write(to: URL(filePath: directory.path("object")))
        let nginx = try Nginx(serving: directory.path, identity: identity)
        defer { nginx.stop() }
        let curl = OriginGateway.forLoopback(adjust)
        defer { curl.shutdown() }
        try run(nginx, curl)
    }

    /// Fetches `count` spans at once and compares them.
    private func fetchSpans(_ count: Int, from url: String, by curl: OriginGateway) {
        let recorders = (0..<count).map { index in
            let recorder = Recorder()
            let first = Int64(index * 50_000)
            _ = curl.start(
                OriginRequest(url: url, range: .bounded(first: first, last: first + 49_999)), into: recorder)
            return recorder
        }
        for (index, recorder) in recorders.enumerated() {
            #expect(recorder.outcome() == .complete(hasCleanEnd: true))
            #expect(recorder.now.body == Array(object[index * 50_000..<(index + 1) * 50_000]))
        }
    }

    private func error(_ url: String, by curl: OriginGateway) -> OriginError.Kind? {
        let recorder = Recorder()
        _ = curl.start(OriginRequest(url: url), into: recorder)
        return recorder.error()?.kind
    }

    @Test("TLS is verified: an unknown authority is refused, `backend.caCert` makes it known")
    func privateAuthority() throws {
        let authority = try TestAuthority()
        try withNginx(authority.identity, { _ in }) { nginx, curl in
            #expect(error(nginx.url + "/object", by: curl) == .tls)
        }
        try withNginx(authority.identity, { $0.transfers.certificateAuthorities = authority.certificate }) {
            nginx, curl in
            fetchSpans(4, from: nginx.url + "/object", by: curl)
            let versions = Set(try nginx.accesses(atLeast: 4).map(\.version))
            #expect(versions == ["HTTP/1.1"])
        }
    }

    @Test("`backend.caCert` stands beside the system's authorities and does not replace them")
    func bothAuthorities() throws {
        let (system, own) = (try TestAuthority(), try TestAuthority())
        for identity in [system.identity, own.identity] {
            try withNginx(
                identity,
                {
                    $0.transfers.systemAuthorities = system.hashed
                    $0.transfers.certificateAuthorities = own.certificate
                }
            ) { nginx, curl in fetchSpans(1, from: nginx.url + "/object", by: curl) }
        }
    }

    @Test("HTTP/2 carries many spans on one connection, a rejected and a cut one among them")
    func http2() throws {
        let authority = try TestAuthority()
        try withNginx(
            authority.identity,
            {
                $0.httpVersion = .http2
                $0.transfers.certificateAuthorities = authority.certificate
            }
        ) { nginx, curl in
            let url = nginx.url + "/object"
            fetchSpans(40, from: url, by: curl)
            let (rejected, cut) = (Recorder(.reject), Recorder(.accept(limit: 1000)))
            for recorder in [rejected, cut] { _ = curl.start(OriginRequest(url: url), into: recorder) }
            #expect(rejected.outcome() == .rejected)
            #expect(cut.outcome() == .complete(hasCleanEnd: true))
            #expect(cut.now.body == Array(object[..<1000]))
            #expect(cut.head?.httpVersion == "2")
            fetchSpans(20, from: url, by: curl)
            let log = try nginx.accesses(atLeast: 62)
            #expect(log.allSatisfy { $0.version == "HTTP/2.0" })
            #expect(Set(log.map(\.connection)).count == 1)
        }
    }

    @Test("With HTTP/2 wished for, an origin without TLS is spoken to in HTTP/1.1")
    func http2Unavailable() throws {
        try withNginx(nil, { $0.httpVersion = .http2 }) { nginx, curl in
            fetchSpans(4, from: nginx.url + "/object", by: curl)
            let versions = Set(try nginx.accesses(atLeast: 4).map(\.version))
            #expect(versions == ["HTTP/1.1"])
        }
    }

    @Test("`backend.proxy` gets plain requests in absolute form, and never our credentials for it from a client")
    func plainProxy() throws {
        let proxy = try FaultyOrigin { [object] request, connection in connection.serve(object, to: request) }
        let curl = OriginGateway.forLoopback { $0.transfers.proxy = "http://user:secret@127.0.0.1:\(proxy.port)" }
        defer {
            curl.shutdown()
            proxy.stop()
        }
        fetchSpans(2, from: "http://origin.invalid/é?x=1", by: curl)
        #expect(proxy.requests.map(\.target) == ["http://origin.invalid/é?x=1", "http://origin.invalid/é?x=1"])
        #expect(proxy.requests.allSatisfy { $0.headers[.proxyAuthorization] == "Basic dXNlcjpzZWNyZXQ=" })
        proxy.stop()
        let recorder = Recorder()
        _ = curl.start(OriginRequest(url: "http://origin.invalid/"), into: recorder)
        let error = try #require(recorder.error())
        #expect(error.isRetryable && !error.message.contains("secret"))
    }

    @Test("A proxy that wants other credentials is a failure, never a response of the origin")
    func refusingProxy() throws {
        let proxy = try FaultyOrigin { _, connection in connection.respond("407 Proxy Authentication Required") }
        let curl = OriginGateway.forLoopback { $0.transfers.proxy = proxy.url }
        defer {
            curl.shutdown()
            proxy.stop()
        }
        let recorder = Recorder()
        _ = curl.start(OriginRequest(url: "http://origin.invalid/"), into: recorder)
        #expect(recorder.error()?.kind == .badResponse)
        #expect(recorder.head == nil)
    }

    @Test("`backend.proxy` tunnels TLS by CONNECT, and its own head is never taken for the origin's")
    func tunnel() throws {
        let authority = try TestAuthority()
        let port = Note<UInt16>()
        let proxy = try FaultyOrigin { request, connection in
            guard request.method == "CONNECT", let port = port.read() else { return connection.cut() }
            connection.tunnel(to: port)
            connection.cut()
        }
        defer { proxy.stop() }
        try withNginx(
            authority.identity,
            {
                $0.transfers.proxy = "http://127.0.0.1:\(proxy.port)"
                $0.transfers.certificateAuthorities = authority.certificate
            }
        ) { nginx, curl in
            port.write(nginx.port)
            fetchSpans(2, from: nginx.url + "/object", by: curl)
            #expect(proxy.requests.allSatisfy { $0.method == "CONNECT" && $0.target == "127.0.0.1:\(nginx.port)" })
            #expect(!proxy.requests.isEmpty)
        }
    }

    @Test("Without `backend.proxy` the environment's proxies are ignored")
    func environment() throws {
        for name in ["http_proxy", "https_proxy", "all_proxy"] { setenv(name, "http://127.0.0.1:1", 1) }
        defer { for name in ["http_proxy", "https_proxy", "all_proxy"] { unsetenv(name) } }
        try withNginx(nil, { _ in }) { nginx, curl in fetchSpans(1, from: nginx.url + "/object", by: curl) }
    }

    @Test("IPv6 origins are reached by address")
    func ipv6() throws {
        let object = FaultyObject(length: 10_000, seed: 6)
        let faulty = try FaultyOrigin(at: "::1", script: FaultyScript(object))
        let curl = OriginGateway.forLoopback()
        defer {
            curl.shutdown()
            faulty.stop()
        }
        let recorder = Recorder()
        _ = curl.start(OriginRequest(url: faulty.url + "/o", range: .from(100)), into: recorder)
        #expect(recorder.outcome() == .complete(hasCleanEnd: true))
        #expect(recorder.now.body == object.bytes(100..<10_000))
    }
}

@Suite("Our own listeners are no origin")
struct OwnListenerTests {
    private func listeners(_ address: String, _ port: Int) throws -> OwnListeners {
        let own = OwnListeners()
        own.add(try #require(IPAddress(address)), port: port)
        return own
    }

    private func contains(_ own: OwnListeners, _ address: String, _ port: Int = 4001) throws -> Bool {
        own.contains(try #require(IPAddress(address)), port: port)
    }

    @Test(
        "A listener on all addresses is reached by every local one, in every form",
        arguments: [
            "127.0.0.1", "127.1.2.3", "::1", "0.0.0.0", "::", "::ffff:127.0.0.1", "64:ff9b::7f00:1", "::127.0.0.1",
            "2002:7f00:1::",
        ])
    func wildcard(_ address: String) throws {
        for bound in ["0.0.0.0", "::"] {
            let own = try listeners(bound, 4001)
            #expect(try contains(own, address))
            #expect(try !contains(own, address, 4002))
            #expect(try !contains(own, "192.0.2.1"))
        }
    }

    @Test("A listener on one address is reached by that one only, in all its forms")
    func single() throws {
        let own = try listeners("10.1.2.3", 4001)
        for address in ["10.1.2.3", "::ffff:10.1.2.3", "64:ff9b::a01:203"] { #expect(try contains(own, address)) }
        for address in ["10.1.2.4", "127.0.0.1", "0.0.0.0"] { #expect(try !contains(own, address)) }
        #expect(try contains(try listeners("127.0.0.1", 4001), "0.0.0.0"))
        #expect(try contains(try listeners("::ffff:10.1.2.3", 4001), "10.1.2.3"))
    }

    @Test("No block permits a listener of our own")
    func guarded() throws {
        let own = try listeners("0.0.0.0", 4001)
        let guarded = AddressGuard(allow: ["127.0.0.0/8"].compactMap(CIDR.init), own: own)
        let address = try #require(IPAddress("127.0.0.1"))
        #expect(guarded.error(for: address, port: 4001)?.kind == .loop)
        #expect(guarded.error(for: address, port: 80) == nil)
        #expect(AddressGuard(own: own).error(for: address, port: 4001)?.kind == .blocked)
    }

    @Test(
        "Curl refuses to dial it by address, by name and after a redirect",
        arguments: ["127.0.0.1", "localhost", "[::ffff:127.0.0.1]", "127.0.0.2", "redirect"])
    func dialled(_ host: String) throws {
        let ours = try FaultyOrigin { $1.respond() }
        let front = try FaultyOrigin { _, connection in
            connection.respond("302 Found", ["Location: http://localhost:\(ours.port)/"])
        }
        let curl = OriginGateway.forLoopback()
        curl.own.add(try #require(SocketAddress(ip: "0.0.0.0", port: ours.port)))
        defer {
            curl.shutdown()
            front.stop()
            ours.stop()
        }
        let recorder = Recorder()
        let url = host == "redirect" ? front.url : "http://\(host):\(ours.port)/"
        _ = curl.start(OriginRequest(url: url), into: recorder)
        let error = try #require(recorder.error())
        #expect(error.kind == .loop && !error.isRetryable)
        #expect(ours.acceptedConnections == 0)
    }
}
