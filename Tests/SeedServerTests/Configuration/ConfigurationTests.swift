import HTTPServer
import HTTPTransfers
import SeedEngine
import SeedOrigin
import SeedProxy
import SeedStorage
import SeedSupport
import Testing

@testable import SeedServer

@Suite("Configuration")
struct ConfigurationTests {
    @Test(
        "An empty file is all defaults", arguments: ["", "# nothing\n", "proxy:\n", "proxy:\n  server:\n    port:\n"])
    func emptyFile(yaml: String) throws {
        let loaded = try SeedPeerConfiguration.parse(yaml)
        #expect(loaded.configuration == SeedPeerConfiguration())
        #expect(loaded.notices.isEmpty)
    }

    @Test("Every key we use is read into its place")
    func everyKey() throws {
        let loaded = try SeedPeerConfiguration.parse(Self.full)
        var expected = SeedPeerConfiguration()
        expected.proxy.serverIP = "10.1.2.3"
        expected.proxy.address = SocketAddress(.v6(high: 0, low: 1), port: 0)
        expected.proxy.requestRateLimit = 400
        expected.proxy.server.connectionLimit = 100
        expected.proxy.server.connectionsPerClient = 10
        expected.proxy.server.timeouts.idle = .seconds(1)
        expected.proxy.server.timeouts.head = .seconds(2)
        expected.proxy.server.timeouts.body = .seconds(3)
        expected.proxy.basicAuth = BasicAuth(username: "u", password: "p", acceptsAuthorization: true)
        expected.proxy.registryMirror = "http://mirror"
        expected.proxy.usesBlobDigest = true
        expected.proxy.prefetch = true
        expected.proxy.freshness.revalidateAfter = .zero
        expected.blockListFile = "/block.yaml"
        expected.proxy.rules = [
            .init(
                regex: "blobs/sha256.*", useTLS: true, redirect: "mirror:443", filteredQueryParams: ["sig", "exp"],
                immutable: true, trustContentNames: true, revalidateAfter: .seconds(60)),
            .init(regex: "it's"),
        ]
        expected.engine.cacheCapacity = 0
        expected.engine.taskSizeLimit = 1 << 40
        expected.engine.concurrentFlights = 16
        expected.engine.maxRetries = 0
        expected.storage.directory = "/data"
        expected.storage.keep = false
        expected.storage.scrubRate = 1_000_000
        expected.storage.interval = .seconds(60)
        expected.storage.taskTTL = .seconds(86_400)
        expected.storage.limits = SpaceLimits(capacity: 500_000_000_000, highPercent: 90, lowPercent: 70)
        expected.origin.transfers.noProgressTimeout = .seconds(5_400)
        expected.origin.transfers.certificateAuthorities = "/ca.pem"
        expected.origin.allowedAddresses = ["10.0.0.0/8", "::1"].compactMap(CIDR.init)
        expected.health = SocketAddress(.loopback, port: 1)
        expected.metrics = SocketAddress(.v4(0x7f00_0002), port: 2)
        expected.admin = SocketAddress(.v4(0x7f00_0003), port: 65_535)
        expected.drainDelay = .seconds(3)
        expected.shutdownTimeout = .milliseconds(1_500)
        #expect(loaded.configuration == expected)
        #expect(loaded.notices.isEmpty)
    }

    @Test("stats.server is another name of admin.server")
    func statsAlias() throws {
        let loaded = try SeedPeerConfiguration.parse("stats: {server: {ip: 127.0.0.9, port: 9}}")
        #expect(loaded.configuration.admin == SocketAddress(.v4(0x7f00_0009), port: 9))
    }

    @Test(
        "A value that is not allowed is refused with its key, itself, its line and what is allowed",
        arguments: [
            (
                "proxy:\n  server:\n    port: 70000",
                "proxy.server.port: 70000 is not allowed (line 3, column 11); allowed: 0–65535"
            ),
            (
                "backend: {proxy: 'http://user:word@proxy.example'}",
                "backend.proxy: a value that is not shown is not allowed (line 1, column 18); allowed: an http or https URL with host"
                    + " and port, such as http://proxy.example:3128"
            ),
            (
                "proxy: {server: {port: -1}}",
                "proxy.server.port: -1 is not allowed (line 1, column 24); allowed: 0–65535"
            ),
            ("host:\n  ip: here", "host.ip: here is not allowed (line 2, column 7); allowed: an IPv4 or IPv6 address"),
            (
                "storage:\n  keep: maybe",
                "storage.keep: maybe is not allowed (line 2, column 9); allowed: true or false"
            ),
            ("storage: 5", "storage: 5 is not allowed (line 1, column 10); allowed: a mapping of keys to values"),
            ("[1, 2]", "the file: a list is not allowed (line 1, column 1); allowed: a mapping of keys to values"),
            (
                "storage:\n  dir: ''",
                "storage.dir: an empty text is not allowed (line 2, column 8); allowed: the path of a file or directory"
            ),
            (
                "download:\n\n  pieceTimeout: 10",
                "download.pieceTimeout: 10 is not allowed (line 3, column 17); allowed: a duration from 100ms to 1d, such as 10s or 1h30m"
            ),
            (
                "proxy:\n  rules:\n    - regex: ok\n    - regex: '('",
                "proxy.rules[1].regex: ( is not allowed (line 4, column 14): missing ) at `(`; allowed: \(URLPattern.allowed)"
            ),
            (
                "proxy:\n  rules:\n    - regexp: ok",
                "proxy.rules[0]: regexp is not allowed (line 3, column 7); allowed: a mapping of regex, useTLS, redirect, filteredQueryParams, immutable, trustContentNames, revalidateAfter"
            ),
            (
                "backend:\n  allowAddresses: [10.0.0.0/33]",
                "backend.allowAddresses[0]: 10.0.0.0/33 is not allowed (line 2, column 20); allowed: an address block such as 10.0.0.0/8 or fd00::/8"
            ),
            (
                "storage:\n  scrubRate: fast",
                "storage.scrubRate: fast is not allowed (line 2, column 14); allowed: a size from 0 to 1024PiB, such as 512KiB or 4MB"
            ),
        ])
    func refusedValues(yaml: String, message: String) {
        let error = #expect(throws: ConfigurationError.self) { try SeedPeerConfiguration.parse(yaml) }
        #expect(error?.description == message)
    }

    @Test("All problems of a file are told at once, in its order")
    func severalProblems() {
        let yaml = "health: {server: {port: x}}\nproxy: {server: {port: y}}\n"
        let error = #expect(throws: ConfigurationError.self) { try SeedPeerConfiguration.parse(yaml) }
        let lines = error?.description.split(separator: "\n") ?? []
        #expect(lines.map { $0.prefix(19) } == ["health.server.port:", "proxy.server.port: "])
    }

    @Test("The older names of the thresholds mean the same, and a low one that is not below the high one is refused")
    func thresholds() throws {
        let old = "gc: {policy: {distThreshold: 1GiB, distHighThresholdPercent: 80, distLowThresholdPercent: 60}}"
        let limits = try SeedPeerConfiguration.parse(old).configuration.storage.limits
        #expect(limits == SpaceLimits(capacity: 1 << 30, highPercent: 80, lowPercent: 60))
        let error = #expect(throws: ConfigurationError.self) {
            try SeedPeerConfiguration.parse("gc: {policy: {diskHighThresholdPercent: 90}}")
        }
        #expect(
            error?.description == "gc.policy.diskLowThresholdPercent: 90 is not allowed; "
                + "allowed: less than diskHighThresholdPercent, which is 90")
    }

    @Test("Text that is not YAML is refused with its line", arguments: ["a: b: c", "a: [1", "x: 1\nx: 2", "\tx: 1"])
    func notYAML(text: String) {
        let error = #expect(throws: ConfigurationError.self) { try SeedPeerConfiguration.parse(text) }
        #expect(error?.description.hasPrefix("configuration: not YAML (line ") == true)
    }

    @Test(
        "An unknown key is ignored with a warning that names the nearest known key",
        arguments: [
            (
                "proxy:\n  serve:\n    port: 1",
                "proxy.serve is not a known key and is ignored (line 2, column 3); did you mean proxy.server?"
            ),
            ("nothing: 1", "nothing is not a known key and is ignored (line 1, column 1)"),
            (
                "upload: {server: {requestbufferSize: 50}}",
                "upload.server.requestbufferSize is not a known key and is ignored (line 1, column 19); did you mean upload.server.requestBufferSize?"
            ),
        ])
    func unknownKeys(yaml: String, text: String) throws {
        let loaded = try SeedPeerConfiguration.parse(yaml)
        #expect(loaded.configuration == SeedPeerConfiguration())
        #expect(loaded.notices == [ConfigurationNotice(weight: .warning, text: text)])
    }

    @Test("Dragonfly's ignored keys are logged at debug, those that users may rely on at warning")
    func ignoredKeys() throws {
        let loaded = try SeedPeerConfiguration.parse(
            "gc: {policy: {persistentTaskTTL: 1h}}\ntracing: {headers: {a: b}}\nupload: {server: {caCert: /x}}")
        #expect(loaded.notices.map(\.weight) == [.debug, .debug, .warning])
        #expect(loaded.notices[2].text == "upload.server.caCert is ignored (line 3, column 19): not enforced")
    }

    @Test("A file that is not there is refused with its name")
    func missingFile() {
        let error = #expect(throws: ConfigurationError.self) { try SeedPeerConfiguration.load(file: "/nowhere/x.yaml") }
        #expect(error?.description.hasPrefix("configuration /nowhere/x.yaml: ") == true)
    }

    @Test("The development configuration stays on loopback and caches every URL")
    func development() {
        let development = SeedPeerConfiguration.development
        let listeners = [development.proxy.address, development.health, development.metrics, development.admin]
        #expect(listeners.allSatisfy { $0.ip == .loopback })
        #expect(development.proxy.rules.map(\.regex) == [".*"])
    }

    private static let full = """
        host: {ip: 10.1.2.3}
        proxy:
          server:
            ip: '::1'
            port: 0
            requestRateLimit: 400
            connectionLimit: 100
            connectionsPerClient: 10
            idleTimeout: 1s
            headTimeout: 2s
            bodyTimeout: 3s
            basicAuth: {username: u, password: p, acceptAuthorization: true}
          registryMirror: {addr: http://mirror, enableTaskIDBasedBlobDigest: true}
          prefetch: true
          revalidateAfter: 0s
          blockList: /block.yaml
          rules:
            - regex: blobs/sha256.*
              useTLS: true
              redirect: mirror:443
              filteredQueryParams: [sig, exp]
              immutable: true
              trustContentNames: true
              revalidateAfter: 1m
            - regex: it's
              redirect:
        storage: {dir: /data, keep: false, cacheCapacity: 0, taskSizeLimit: 1TiB, scrubRate: 1MB}
        gc:
          interval: 1m
          policy: {taskTTL: 24h, diskThreshold: 500GB, diskHighThresholdPercent: 90, diskLowThresholdPercent: 70}
        download: {concurrentPieceCount: 16, pieceTimeout: 1h30m}
        backend: {allowAddresses: [10.0.0.0/8, '::1'], maxRetries: 0, caCert: /ca.pem}
        health: {server: {ip: 127.0.0.1, port: 1}}
        metrics: {server: {ip: 127.0.0.2, port: 2}}
        admin: {server: {ip: 127.0.0.3, port: 65535}}
        shutdown: {drainDelay: 3s, timeout: 1500ms}
        """
}
