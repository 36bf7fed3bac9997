import Foundation
import SeedTestSupport
import Testing

@Suite("A seed peer starts and stops", .serialized)
struct StartAndStopTests {
    let directory: TemporaryDirectory
    var store: String { directory.path("store") }

    init() throws {
        directory = try TemporaryDirectory()
    }

    @Test("Ready means that the small listeners answer")
    func smallListeners() throws {
        let peer = try SeedPeerProcess(store: store, in: directory)
        #expect(try peer.get(path: "/healthy", from: "health").status == 200)
        #expect(try peer.get(path: "/", from: "admin").text.contains("GET /"))
        #expect(try peer.metric("seed_peer_requests_total") == 0)
        #expect(try peer.get(path: "/nothing", from: "health").status == 404)
    }

    @Test("SIGTERM stops it with exit code 0, and the store opens again", arguments: [SIGTERM, SIGINT])
    func stops(signal: Int32) throws {
        for _ in 1...2 {
            let peer = try SeedPeerProcess(store: store, in: directory)
            _ = try peer.port()
            peer.send(signal)
            #expect(peer.exitCode == 0, "\(peer.errorText)")
        }
    }

    /// Its start waits for a FIFO, where it looks for certificates before it opens the store.
    @Test("A signal during the start ends it in order, and SIGHUP doesn't end it", arguments: [SIGTERM, SIGINT])
    func stopsWhileStarting(signal: Int32) throws {
        let file = directory.path("ca.pem")
        try #require(mkfifo(file, 0o600) == 0)
        let peer = try SeedPeerProcess(store: store, in: directory, backend: "caCert: \(file)")
        // Returns when the program reads.
        let certificates = try #require(FileHandle(forWritingAtPath: file))
        peer.send(SIGHUP)
        peer.send(signal)
        try certificates.write(contentsOf: Data((TestCertificates.authority + "\n").utf8))
        try certificates.close()
        #expect(peer.exitCode == 0, "\(peer.errorText)")
        #expect(peer.waits(for: "stopped"))
    }

    @Test("Idle connections don't hold the stop back")
    func idleConnections() throws {
        let peer = try SeedPeerProcess(store: store, in: directory)
        let idle = try ["proxy", "health", "metrics", "admin"].map { try RawClient(port: peer.port($0)) }
        for client in idle.dropFirst() {
            try client.send("GET / HTTP/1.1\r\nHost: localhost\r\n\r\n")
            _ = try client.readResponse()
        }
        let clock = ContinuousClock()
        let stop = clock.measure {
            peer.send(SIGTERM)
            #expect(peer.exitCode == 0, "\(peer.errorText)")
        }
        #expect(stop < .seconds(10))
        withExtendedLifetime(idle) {}
    }

    @Test("SIGHUP without a block list changes nothing")
    func hangUp() throws {
        let peer = try SeedPeerProcess(store: store, in: directory)
        _ = try peer.port()
        peer.send(SIGHUP)
        #expect(try peer.get(path: "/healthy", from: "health").status == 200)
        peer.send(SIGTERM)
        #expect(peer.exitCode == 0, "\(peer.errorText)")
    }

    @Test("A second signal cuts the responses that the first one let finish")
    func secondSignal() throws {
        let (silent, silentPort) = try LoopbackSocket.listen()
        defer { close(silent) }
        let peer = try SeedPeerProcess(store: store, in: directory, shutdown: "drainDelay: 0s, timeout: 10m")
        let client = try RawClient(port: peer.port())
        try client.send("GET http://127.0.0.1:\(silentPort)/ HTTP/1.1\r\nHost: h\r\n\r\n")
        try waitUntil("its origin is asked") { try peer.metric("seed_peer_origin_requests") == 1 }
        peer.send(SIGTERM)
        #expect(peer.waits(for: "closing the data port"))
        // What runs can still be watched.
        #expect(try peer.metric("seed_peer_connections") == 1)
        peer.send(SIGINT)
        #expect(peer.exitCode == 0, "\(peer.errorText)")
        #expect(throws: RawClient.Failure.reset) { try client.readHead() }
        #expect(peer.errorText.contains("the data port is closed: 0 responses finished, 1 cut"))
    }

    @Test("For the drain delay it serves on, while health and readiness are 503; a second signal ends that")
    func drainDelay() throws {
        let peer = try SeedPeerProcess(store: store, in: directory, shutdown: "drainDelay: 10m, timeout: 10m")
        let kept = try RawClient(port: peer.port())
        let options = "OPTIONS * HTTP/1.1\r\nHost: h\r\n\r\n"
        try kept.send(options)
        #expect(try kept.readResponse()["Connection"] == nil)
        peer.send(SIGTERM)
        #expect(peer.waits(for: "leaving: health answers 503, requests are served for 10m more"))
        for path in ["/healthy", "/ready"] {
            let health = try peer.get(path: path, from: "health")
            #expect(health.status == 503)
            #expect(health.text.contains("stopping"))
        }
        for client in [kept, try RawClient(port: peer.port())] {
            try client.send(options)
            let response = try client.readResponse()
            #expect(response.status == 200)
            #expect(response["Connection"] == "close")
            #expect(try client.readToEnd().isEmpty)
        }
        #expect(try peer.get(path: "/", from: "proxy").status == 503)
        try waitUntil("no connection is left") { try peer.metric("seed_peer_connections") == 0 }
        peer.send(SIGTERM)
        #expect(peer.exitCode == 0, "\(peer.errorText)")
        #expect(peer.errorText.contains("the data port is closed: 0 responses finished, 0 cut"))
    }

    /// A port of its own, so that both processes have the same.
    @Test("In a restart the port is away for at most two seconds")
    func restart() throws {
        let port = try LoopbackSocket.freePort()
        let file = directory.path("fixed.yaml")
        let text = SeedPeerProcess.configuration(store: store, shutdown: "drainDelay: 100ms")
            .replacing(
                "proxy: {server: {ip: 127.0.0.1, port: 0}", with: "proxy: {server: {ip: 127.0.0.1, port: \(port)}")
        try text.write(toFile: file, atomically: true, encoding: .utf8)
        let first = try SeedPeerProcess(arguments: ["run", "--config", file])
        #expect(try first.port() == port)
        first.send(SIGTERM)
        #expect(first.waits(for: "closing the data port"))
        let clock = ContinuousClock()
        let away = try clock.measure {
            #expect(first.exitCode == 0, "\(first.errorText)")
            let second = try SeedPeerProcess(arguments: ["run", "--config", file])
            #expect(try second.port() == port)
        }
        #expect(away < .seconds(Patience.seconds(2)))
    }

    @Test("A refused configuration ends it with exit code 2 and a line for each reason")
    func refusedConfiguration() throws {
        let peer = try SeedPeerProcess(store: store, in: directory, shutdown: "timeout: soon")
        #expect(peer.exitCode == 2)
        #expect(
            peer.waits(
                for: "shutdown.timeout: soon is not allowed (line 8, column 21); allowed: a duration from 0s to 1h"))
    }

    @Test("A configuration file that is not there ends it with exit code 2")
    func missingConfiguration() throws {
        let peer = try SeedPeerProcess(arguments: ["run", "--config", directory.path("none.yaml")])
        #expect(peer.exitCode == 2)
        #expect(peer.waits(for: "none.yaml"))
    }

    @Test("An unknown key is warned of, and it starts")
    func unknownKey() throws {
        let peer = try SeedPeerProcess(store: store, in: directory, extra: "storag: {dir: x}")
        _ = try peer.port()
        #expect(peer.waits(for: "storag is not a known key and is ignored (line 9, column 1); did you mean storage?"))
    }

    @Test("A second process on the same store is refused with exit code 1")
    func secondProcess() throws {
        let first = try SeedPeerProcess(store: store, in: directory)
        _ = try first.port()
        let second = try SeedPeerProcess(store: store, in: directory)
        #expect(second.exitCode == 1)
        #expect(second.waits(for: store))
    }

    @Test("A store directory that cannot be one is refused with exit code 1 and its path")
    func badDirectory() throws {
        let file = directory.path("file")
        try Data("x".utf8).write(to: URL(filePath: file))
        for store in [file, file + "/below", "/proc/seed-peer"] {
            let peer = try SeedPeerProcess(store: store, in: directory)
            #expect(peer.exitCode == 1)
            #expect(peer.waits(for: "seed-peer: "), "\(peer.errorText)")
            #expect(peer.errorText.contains(file) || peer.errorText.contains("/proc"), "\(peer.errorText)")
        }
    }

    @Test(
        "A file of certificates that is missing, or has none or a malformed one, is refused with exit code 1 and its path"
    )
    func badCertificates() throws {
        let file = directory.path("ca.pem")
        let malformed = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"
        for (reason, next) in [("No such file", "x"), ("no certificate", malformed), ("malformed", "")] {
            let peer = try SeedPeerProcess(store: store, in: directory, backend: "caCert: \(file)")
            #expect(peer.exitCode == 1)
            #expect(peer.waits(for: "certificates in \(file) cannot be read: "), "\(peer.errorText)")
            #expect(peer.waits(for: reason), "\(peer.errorText)")
            try Data(next.utf8).write(to: URL(filePath: file))
        }
    }

    @Test(
        "A port that is in use is refused with exit code 1 and its key",
        arguments: ["proxy", "health", "metrics", "admin"])
    func portInUse(listener: String) throws {
        let first = try SeedPeerProcess(store: store, in: directory)
        let port = try first.port()
        let other = try TemporaryDirectory()
        let second = try SeedPeerProcess(
            arguments: ["run", "--config", Self.write(listener: listener, port: port, in: other)])
        #expect(second.exitCode == 1)
        #expect(second.waits(for: "127.0.0.1:\(port)"), "\(second.errorText)")
        #expect(second.errorText.contains("in use"), "\(second.errorText)")
        #expect(second.errorText.split(separator: "\n").filter { !$0.contains(" warning ") }.count == 1)
    }

    private static func write(listener: String, port: Int, in directory: TemporaryDirectory) throws -> String {
        let lines = ["proxy", "health", "metrics", "admin"].map {
            "\($0): {server: {ip: 127.0.0.1, port: \($0 == listener ? port : 0)}}"
        }
        let file = directory.path("other.yaml")
        let text = (lines + ["storage: {dir: \(directory.path("store"))}"]).joined(separator: "\n")
        try text.write(toFile: file, atomically: true, encoding: .utf8)
        return file
    }
}
