import DragonflyIdentity
import SeedEngine
import SeedOrigin
import SeedProxy
import SeedStorage
import SeedSupport
import Testing

@testable import SeedServer

@Suite("What each part is told of the configuration")
struct ComponentsMappingTests {
    /// For each key we use a value that is not the default.
    private static let samples = [
        "host.ip": "10.1.2.3", "proxy.server.ip": "'::1'", "proxy.server.port": "1",
        "proxy.server.requestRateLimit": "400", "proxy.server.connectionLimit": "100",
        "proxy.server.connectionsPerClient": "10", "proxy.server.idleTimeout": "1s", "proxy.server.headTimeout": "2s",
        "proxy.server.bodyTimeout": "3s", "proxy.server.basicAuth.username": "other",
        "proxy.server.basicAuth.password": "other", "proxy.server.basicAuth.acceptAuthorization": "true",
        "proxy.registryMirror.addr": "http://mirror", "proxy.registryMirror.enableTaskIDBasedBlobDigest": "true",
        "proxy.prefetch": "true", "proxy.revalidateAfter": "0s", "proxy.blockList": "/block.yaml",
        "proxy.rules": "[{regex: blobs}]", "proxy.disableBackToSource": "true", "proxy.prefetchBandwidthLimit": "1MB",
        "storage.dir": "/data", "storage.keep": "false", "storage.cacheCapacity": "1MiB",
        "storage.taskSizeLimit": "1TiB", "storage.scrubRate": "1MB", "gc.interval": "1m", "gc.policy.taskTTL": "24h",
        "gc.policy.diskThreshold": "500GB", "gc.policy.diskHighThresholdPercent": "94",
        "gc.policy.diskLowThresholdPercent": "70", "gc.policy.distThreshold": "500GB",
        "gc.policy.distHighThresholdPercent": "94", "gc.policy.distLowThresholdPercent": "70",
        "download.concurrentPieceCount": "16", "download.pieceTimeout": "90s",
        "download.backToSourceBandwidthLimit": "100MB", "backend.allowAddresses": "[10.0.0.0/8]",
        "backend.maxRetries": "3", "backend.caCert": "/ca.pem", "backend.httpVersion": "2",
        "backend.proxy": "http://proxy.example:3128", "backend.enableCacheTemporaryRedirect": "false",
        "backend.cacheTemporaryRedirectTTL": "5m", "health.server.ip": "127.0.0.1", "health.server.port": "1",
        "metrics.server.ip": "127.0.0.2", "metrics.server.port": "2", "admin.server.ip": "127.0.0.3",
        "admin.server.port": "3", "stats.server.ip": "127.0.0.4", "stats.server.port": "4",
        "shutdown.timeout": "1500ms",
    ]

    @Test("Every key we use is told to a part", arguments: ConfigurationKey.used.map(\.path))
    func everyKey(_ path: String) throws {
        let key = try #require(ConfigurationKey.named[path])
        let sample = try #require(Self.samples[path], "a value that is not the default of \(path)")
        var configuration = SeedPeerConfiguration()
        configuration.proxy.basicAuth = .init(username: "u", password: "p")
        let before = Self.told(configuration)
        let set = try #require(key.set)
        let node = try #require(try YAMLText.compose(sample, .configuration))
        try set(ConfigurationField(path: path, node: node), &configuration)
        #expect(Self.told(configuration) != before)
    }

    /// All that leaves the configuration: what the parts get, and what `SeedPeer` takes for itself.
    private static func told(_ configuration: SeedPeerConfiguration) -> [String] {
        let addressGuard = AddressGuard(allow: configuration.backend.allowAddresses)
        let told: [Any] = [
            configuration.forStorage, configuration.forOrigin(addressGuard), configuration.forEngine,
            configuration.forProxy, configuration.backend.allowAddresses, configuration.proxy.blockList ?? "",
            configuration.health, configuration.metrics, configuration.admin, configuration.shutdown,
        ]
        return told.map { String(reflecting: $0) }
    }

    @Test("The store gets its directory, its bounds and its times")
    func storage() throws {
        let told = try SeedPeerConfiguration.parse(
            """
            storage: {dir: /data, keep: false, scrubRate: 1MB}
            gc: {interval: 1m, policy: {taskTTL: 24h, diskThreshold: 500GB, diskHighThresholdPercent: 90,
              diskLowThresholdPercent: 70}}
            """
        ).configuration.forStorage
        #expect(
            told
                == StorageConfiguration(
                    directory: "/data", keep: false,
                    limits: SpaceLimits(capacity: 500_000_000_000, highPercent: 90, lowPercent: 70),
                    taskTTL: .seconds(86_400),
                    interval: .seconds(60), scrubRate: 1_000_000))
        #expect(SeedPeerConfiguration().forStorage.limits.capacity == nil)
    }

    @Test("The origin gets its times, bandwidths, proxy and authorities")
    func origin() throws {
        let told = try SeedPeerConfiguration.parse(
            """
            download: {pieceTimeout: 90s, backToSourceBandwidthLimit: 100MB}
            proxy: {prefetchBandwidthLimit: 1MB}
            backend: {httpVersion: 2, proxy: 'http://proxy.example:3128', caCert: /ca.pem, cacheTemporaryRedirectTTL: 5m}
            """
        ).configuration.forOrigin(AddressGuard())
        #expect(told.noProgressTimeout == .seconds(90) && told.passThroughTimeout == nil)
        #expect(told.bandwidth == 100_000_000 && told.backgroundBandwidth == 1_000_000)
        #expect(told.httpVersion == .http2)
        #expect(told.proxy == "http://proxy.example:3128" && told.certificateAuthorities == "/ca.pem")
        #expect(told.redirectTimeToLive == .seconds(300))
        #expect(told.userAgent == "seed-peer/\(SeedPeer.version)")
        let forgetful = try SeedPeerConfiguration.parse("backend: {enableCacheTemporaryRedirect: false}")
        #expect(forgetful.configuration.forOrigin(AddressGuard()).redirectTimeToLive == .zero)
    }

    @Test("Connections look at the time four times within the shortest limit, at least once a second")
    func tickInterval() throws {
        func interval(_ yaml: String) throws -> Duration {
            try SeedPeerConfiguration.parse(yaml).configuration.tickInterval
        }
        #expect(try interval("") == .seconds(1))
        #expect(try interval("proxy: {server: {headTimeout: 2s}}") == .milliseconds(500))
        #expect(try interval("download: {pieceTimeout: 100ms}") == .milliseconds(25))
    }

    @Test("The engine gets its counts, and nothing where zero means no limit")
    func engine() throws {
        let told = try SeedPeerConfiguration.parse(
            """
            download: {concurrentPieceCount: 16}
            backend: {maxRetries: 3}
            storage: {cacheCapacity: 0, taskSizeLimit: 1GiB}
            proxy: {disableBackToSource: true}
            """
        ).configuration.forEngine
        #expect(told.concurrentFlights == 16 && told.maxRetries == 3)
        #expect(told.memoryCapacity == 0 && told.taskSizeLimit == 1 << 30)
        #expect(told.isBackToSourceDisabled)
        let standard = SeedPeerConfiguration().forEngine
        #expect(standard.taskSizeLimit == nil)
        #expect(standard.memoryCapacity > 0)
    }

    @Test("The data port gets its rules and limits; a rule that names no parameters gets Dragonfly's list")
    func proxy() throws {
        let told = try SeedPeerConfiguration.parse(
            """
            host: {ip: 10.1.2.3}
            proxy:
              server: {ip: '::1', port: 0, requestRateLimit: 400, connectionLimit: 100, connectionsPerClient: 10,
                idleTimeout: 1s, headTimeout: 2s, bodyTimeout: 3s,
                basicAuth: {username: u, password: p, acceptAuthorization: true}}
              registryMirror: {addr: 'http://mirror', enableTaskIDBasedBlobDigest: true}
              prefetch: true
              revalidateAfter: 0s
              rules: [{regex: a, useTLS: true, redirect: 'mirror:443', immutable: true}, {filteredQueryParams: [sig]}]
            """
        ).configuration.forProxy
        #expect(told.host == "::1" && told.port == 0 && told.serverIP == "10.1.2.3")
        #expect(told.requestRateLimit == 400 && told.connectionLimit == 100 && told.connectionsPerClient == 10)
        #expect([told.idleTimeout, told.headTimeout, told.bodyTimeout] == [.seconds(1), .seconds(2), .seconds(3)])
        #expect(told.basicAuth == BasicAuth(username: "u", password: "p", acceptsAuthorization: true))
        #expect(told.registryMirror == "http://mirror" && told.usesBlobDigest && told.prefetch)
        #expect(told.revalidateAfter == .zero)
        #expect(
            told.rules == [
                ProxyRule(
                    regex: "a", useTLS: true, redirect: "mirror:443", filteredQueryParams: QueryFilter.defaultNames,
                    immutable: true),
                ProxyRule(regex: ".*", filteredQueryParams: ["sig"]),
            ])
        #expect(SeedPeerConfiguration().forProxy.serverIP.contains("."))
    }
}
