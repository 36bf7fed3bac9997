import SeedEngine
import SeedOrigin
import SeedProxy
import SeedStorage
import SeedSupport
import Testing

@testable import SeedServer

@Suite("Each setting has one place and one default")
struct SettingsTests {
    @Test("An empty file leaves the layers' own defaults as they are")
    func defaults() throws {
        let read = try SeedPeerConfiguration.parse("").configuration
        #expect(read.proxy == ProxyConfiguration())
        #expect(read.engine == EngineConfiguration())
        #expect(read.storage == StorageConfiguration())
        #expect(read.origin == OriginConfiguration())
        // A further one belongs to the layer that obeys it, or obeys no layer and is added here.
        #expect(
            Mirror(reflecting: read).children.map(\.label) == [
                "proxy", "engine", "storage", "origin", "blockListFile", "health", "metrics", "admin",
                "drainDelay", "shutdownTimeout",
            ])
    }

    @Test("No two structs give a default to a setting of the same name")
    func oneDefault() {
        let settings = Setting.all(in: SeedPeerConfiguration()) + Setting.all(in: ProxyRule())
        for (name, places) in Dictionary(grouping: settings.filter(\.hasDefault), by: \.name) {
            let owners = Set(places.map(\.owner)).sorted()
            #expect(owners.count == 1, "\(name) has a default in each of \(owners)")
        }
    }

    @Test("This machine adds to the layers' settings what the file leaves open, and changes nothing else")
    func machine() {
        let read = Setting.texts(in: SeedPeerConfiguration())
        let configuration = SeedPeerConfiguration().onThisMachine()
        let added = Setting.texts(in: configuration).filter { read[$0.key] != $0.value }.keys
        #expect(
            Set(added).subtracting(["engine.residentTasks"]) == ["proxy.serverIP", "origin.userAgent"])
        #expect(configuration.proxy.serverIP?.contains(".") == true)
        #expect(configuration.origin.userAgent == "seed-peer/\(SeedPeer.version)")
    }

    @Test(
        "Each key we use is one setting, which reaches its layer as it was read",
        arguments: ConfigurationKey.used.map(\.path))
    func oneSetting(_ path: String) throws {
        let key = try #require(ConfigurationKey.named[path])
        let sample = try #require(Self.samples[path], "a value that is not the default of \(path)")
        var configuration = SeedPeerConfiguration()
        let before = Setting.texts(in: configuration)
        let set = try #require(key.set)
        let node = try #require(try YAMLText.compose(sample, .configuration))
        try set(ConfigurationField(path: path, node: node), &configuration)
        let changed = Setting.texts(in: configuration).filter { before[$0.key] != $0.value }
        #expect(changed.count == 1)
        let told = Setting.texts(in: configuration.onThisMachine())
        for (place, text) in changed { #expect(told[place] == text) }
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

    @Test("Zero is no limit, and nothing written takes the share of memory")
    func zero() throws {
        let told = try SeedPeerConfiguration.parse(
            "{storage: {taskSizeLimit: 0, cacheCapacity: 0}, gc: {policy: {diskThreshold: 0}}}"
        ).configuration
        #expect(told.engine.taskSizeLimit == nil && told.storage.limits.capacity == nil)
        #expect(told.engine.cacheCapacity == 0 && SeedPeerConfiguration().engine.cacheCapacity == nil)
    }

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
        "shutdown.drainDelay": "3s", "shutdown.timeout": "1500ms",
    ]
}

/// A stored value of a configuration that is not itself a struct of settings.
private struct Setting {
    /// The struct that it is a member of.
    let owner: String
    let name: String
    /// From the configuration on, such as `storage.limits.capacity`.
    let path: String
    let text: String

    /// What is not said, empty or off gives no value that could differ from another's.
    var hasDefault: Bool { !["nil", "[]", "Set([])", "\"\"", "false"].contains(text) }

    static func all(in value: Any, below path: String = "") -> [Setting] {
        Mirror(reflecting: value).children.flatMap { child in
            let name = child.label ?? ""
            let place = path.isEmpty ? name : "\(path).\(name)"
            guard !isGroup(child.value) else { return all(in: child.value, below: place) }
            return [
                Setting(
                    owner: "\(type(of: value))", name: name, path: place, text: String(reflecting: child.value))
            ]
        }
    }

    static func texts(in configuration: SeedPeerConfiguration) -> [String: String] {
        Dictionary(uniqueKeysWithValues: all(in: configuration).map { ($0.path, $0.text) })
    }

    private static func isGroup(_ value: Any) -> Bool {
        !(value is Duration) && !(value is SocketAddress) && Mirror(reflecting: value).displayStyle == .struct
    }
}
