import Foundation
import HTTPSemantics
import HTTPTransfers
import SeedSupport
import SeedTestSupport
import Testing

@Suite("What a request chooses for itself: trust, tunnel, time to connect")
struct PeerTests {
    @Test("What one request trusts, no other does, whatever connections and sessions there are")
    func trust() throws {
        let authority = try TestAuthority()
        let directory = try TemporaryDirectory()
        let nginx = try Nginx(serving: directory.path(""), location: "return 204;", identity: authority.identity)
        let driver = TransferDriver()
        defer {
            driver.shutdown()
            nginx.stop()
        }
        let own = TransferRequest.Trust.authorities(Bytes(try Data(contentsOf: URL(filePath: authority.certificate))))
        for (trust, isTrusted) in [
            (.standard, false), (own, true), (.standard, false), (.unverified, true), (.standard, false), (own, true),
        ] as [(TransferRequest.Trust, Bool)] {
            let recorder = Recorder()
            var request = TransferRequest(try TransferURL(nginx.url + "/"))
            request.trust = trust
            recorder.begin(request, on: driver)
            if isTrusted { #expect(recorder.outcome() == .complete) } else { #expect(recorder.error()?.kind == .tls) }
        }
    }

    @Test("Authorities of another do not vouch, and a certificate for another name is refused")
    func mistrust() throws {
        let (authority, other) = (try TestAuthority(), try TestAuthority())
        let directory = try TemporaryDirectory()
        let nginx = try Nginx(serving: directory.path(""), location: "return 204;", identity: authority.identity)
        let peer = try FaultyOrigin { _, connection in connection.tunnel(to: nginx.port) }
        let driver = TransferDriver()
        defer {
            driver.shutdown()
            peer.stop()
            nginx.stop()
        }
        let files = [(other.certificate, "localhost"), (authority.certificate, "origin.invalid")]
        for (file, name) in files {
            let recorder = Recorder()
            var request = TransferRequest(try TransferURL("https://\(name)/"))
            request.proxy = peer.url
            request.trust = .authorities(Bytes(try Data(contentsOf: URL(filePath: file))))
            recorder.begin(request, on: driver)
            #expect(recorder.error()?.kind == .tls, "\(String(describing: recorder.outcome()))")
        }
        #expect(peer.requests.map(\.target) == ["localhost:443", "origin.invalid:443"])
    }

    @Test("The head of a refused tunnel is told at once, though the body it announces never comes")
    func refusedTunnel() throws {
        try withOrigin({ _ in }) { _, connection in
            connection.head(
                "407 Who", "Content-Length: 5", "X-Dragonfly-Error-Type: proxy", "Proxy-Authenticate: Basic")
            connection.stall()
        } run: { peer, driver in
            let recorder = Recorder()
            var request = TransferRequest(try TransferURL("https://origin.invalid/f"), fields: [.authorization: "a"])
            request.proxy = peer.url
            request.proxyFields = [.proxyAuthorization: "p"]
            recorder.begin(request, on: driver)
            let error = recorder.error()
            #expect(error?.kind == .noTunnel && error?.hasConnected == false)
            #expect(error?.tunnelResponse?.status == 407)
            #expect(error?.tunnelResponse?.fields[.dragonflyErrorType] == "proxy")
            #expect(recorder.now.heads.isEmpty && recorder.now.interim.isEmpty)
            let sent = try #require(peer.requests.first)
            #expect(sent.method == "CONNECT" && sent.target == "origin.invalid:443")
            #expect(sent.headers == [.host: "origin.invalid:443", .proxyAuthorization: "p"])
        }
    }

    @Test("A tunnel's head without end is refused, as any other")
    func endlessTunnelHead() throws {
        try withOrigin({ $0.headLimit = 1_000 }) { _, connection in
            connection.write("HTTP/1.1 200 OK\r\n")
            while connection.write("X: \(String(repeating: "y", count: 100))\r\n") {}
        } run: { peer, driver in
            let recorder = Recorder()
            var request = TransferRequest(try TransferURL("https://origin.invalid/f"))
            request.proxy = peer.url
            recorder.begin(request, on: driver)
            #expect(recorder.error()?.kind == .badResponse)
        }
    }

    @Test("A request that only connects sends nothing, and its connection is closed")
    func onlyConnects() throws {
        let received = Note<[UInt8]>()
        try withServer({ _ in }) { client, _ in
            received.write(try client.readToEnd())
        } run: { server, driver in
            let recorder = Recorder()
            var request = TransferRequest(try TransferURL(server.url))
            request.onlyConnects = true
            recorder.begin(request, on: driver)
            #expect(recorder.outcome() == .complete)
            #expect(received.read() == [])
        }
        let gone = try ClosedPort()
        let driver = TransferDriver()
        defer { driver.shutdown() }
        let recorder = Recorder()
        var request = TransferRequest(try TransferURL(gone.url))
        request.onlyConnects = true
        recorder.begin(request, on: driver)
        #expect(recorder.error()?.kind == .unreachable && recorder.error()?.isTimeout == false)
    }

    @Test("The time to connect counts tunnel and TLS, and says that it was the time", arguments: [true, false])
    func connectTimeout(throughPeer: Bool) throws {
        try withOrigin({ _ in }) { _, connection in
            connection.head("200 OK")
            connection.stall()
        } run: { peer, driver in
            let recorder = Recorder()
            let address = throughPeer ? "origin.invalid" : "127.0.0.1:\(peer.port)"
            var request = TransferRequest(try TransferURL("https://\(address)/"))
            if throughPeer { request.proxy = peer.url }
            request.connectTimeout = .milliseconds(200)
            recorder.begin(request, on: driver)
            #expect(recorder.error()?.kind == .unreachable && recorder.error()?.isTimeout == true)
        }
    }
}
