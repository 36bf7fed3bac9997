import Foundation

/// An authority of its own that vouches for loopback, made by the `openssl` program.
package final class TestAuthority: Sendable {
    /// A certificate for `127.0.0.1`, `::1` and `localhost`, and its key: PEM files.
    package struct Identity: Sendable {
        package let certificate: String
        package let key: String

        package init(certificate: String, key: String) {
            self.certificate = certificate
            self.key = key
        }
    }

    /// The authority's own certificate: a PEM file.
    package let certificate: String
    /// A directory that holds the same certificate under its hash.
    package let hashed: String
    package let identity: Identity
    private let directory: TemporaryDirectory

    package init() throws {
        directory = try TemporaryDirectory()
        (certificate, hashed) = (directory.path("ca.pem"), directory.path("hashed"))
        identity = Identity(certificate: directory.path("server.pem"), key: directory.path("server.key"))
        let ca = directory.path("ca.key")
        let new = ["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2"]
        try Self.openssl(new + ["-subj", "/CN=Test \(UUID().uuidString)", "-keyout", ca, "-out", certificate])
        try Self.openssl(
            new + [
                "-CA", certificate, "-CAkey", ca, "-subj", "/CN=localhost", "-keyout", identity.key, "-out",
                identity.certificate, "-addext", "subjectAltName=IP:127.0.0.1,IP:::1,DNS:localhost", "-addext",
                "basicConstraints=critical,CA:false",
            ])
        try FileManager.default.createDirectory(atPath: hashed, withIntermediateDirectories: true)
        try FileManager.default.copyItem(atPath: certificate, toPath: hashed + "/ca.pem")
        try Self.openssl(["rehash", hashed])
    }

    private static func openssl(_ arguments: [String]) throws {
        let outcome = try ChildProcess.run("/usr/bin/openssl", arguments)
        guard outcome.code == 0 else { throw FixtureError("openssl failed: \(outcome.errors)") }
    }
}
