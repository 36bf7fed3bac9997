import Foundation
import SeedTestSupport

/// A seed peer as far as `https` goes: it opens a tunnel for each `CONNECT`, at whose end a TLS server with the certificate
/// of `TestCertificates` answers every request with one text.
final class TunnelPeer: Sendable {
    private let peer: FaultyOrigin
    private let tls: Nginx
    /// Where the TLS server hands the requests on to, as they came.
    private let inside: FaultyOrigin
    private let directory: TemporaryDirectory

    var url: String { peer.url }
    var connects: [FaultyRequest] { peer.requests }
    var requests: [FaultyRequest] { inside.requests }

    /// Blocks until it can be asked.
    /// - Parameter refusal: what `CONNECT` is answered instead of 200, with its header fields.
    init(refusal: (status: String, fields: [String])? = nil) throws {
        let directory = try TemporaryDirectory()
        let identity = TestAuthority.Identity(
            certificate: directory.path("server.pem"), key: directory.path("server.key"))
        try TestCertificates.certificate.write(toFile: identity.certificate, atomically: true, encoding: .utf8)
        try TestCertificates.key.write(toFile: identity.key, atomically: true, encoding: .utf8)
        let inside = try FaultyOrigin { _, connection in connection.respond(body: Array("secret".utf8)) }
        let tls = try Nginx(
            serving: directory.path, location: "proxy_pass \(inside.url); proxy_set_header Host $http_host;",
            identity: identity)
        peer = try FaultyOrigin { _, connection in
            guard let refusal else { return connection.tunnel(to: tls.port) }
            connection.respond(refusal.status, refusal.fields, body: Array("no tunnel".utf8))
            connection.cut()
        }
        (self.directory, self.inside, self.tls) = (directory, inside, tls)
    }

    func stop() {
        peer.stop()
        tls.stop()
        inside.stop()
    }
}
