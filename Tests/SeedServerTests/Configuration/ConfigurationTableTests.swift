import Foundation
import SeedServer
import Testing

@Suite("The table of configuration keys")
struct ConfigurationTableTests {
    @Test("Every key of Dragonfly has a treatment", arguments: dragonflyKeys)
    func everyKey(path: String) {
        #expect(ConfigurationKey.table.contains { $0.path == path && $0.treatment != .own })
    }

    @Test("No key is called Dragonfly's that isn't")
    func noOthers() {
        let foreign = ConfigurationKey.table.filter { $0.treatment != .own && !dragonflyKeys.contains($0.path) }
        #expect(foreign.map(\.path).isEmpty)
    }

    @Test("config/seed-peer.yaml is what the table renders, and reads as the defaults")
    func exampleFile() throws {
        let file = try String(contentsOf: packageRoot.appending(path: "config/seed-peer.yaml"), encoding: .utf8)
        #expect(file == ConfigurationReference.yaml, "run: make config")
        let loaded = try SeedPeerConfiguration.parse(file)
        #expect(loaded.configuration == SeedPeerConfiguration())
        #expect(loaded.notices.isEmpty)
    }

    @Test("config/README.md is what the table renders")
    func referenceFile() throws {
        let file = try String(contentsOf: packageRoot.appending(path: "config/README.md"), encoding: .utf8)
        #expect(file == ConfigurationReference.markdown, "run: make config")
    }
}

/// Every key that Dragonfly's dfdaemon reads; a name stands for all keys below it where it takes a free mapping.
private let dragonflyKeys = """
    host.hostname host.ip host.idc host.location host.schedulerClusterID
    server.pluginDir server.cacheDir server.adaptiveRateLimit
    download.server.socketPath download.server.requestRateLimit download.server.requestBufferSize download.protocol
    download.bandwidthLimit download.backToSourceBandwidthLimit download.pieceTimeout download.collectedPieceTimeout
    download.concurrentPieceCount
    upload.server.ip upload.server.port upload.server.caCert upload.server.cert upload.server.key upload.client
    upload.server.requestRateLimit upload.server.requestBufferSize upload.disableShared upload.bandwidthLimit
    manager.addr manager.caCert manager.cert manager.key scheduler.caCert scheduler.cert scheduler.key
    scheduler.announceInterval scheduler.scheduleTimeout scheduler.maxScheduleCount
    seedPeer.enable seedPeer.type dynconfig.refreshInterval
    storage.dir storage.keep storage.writePieceTimeout storage.writeBufferSize storage.readBufferSize
    storage.cacheCapacity storage.server.tcpPort storage.server.quicPort storage.server.tcpFastopen
    gc.interval gc.policy.taskTTL gc.policy.persistentTaskTTL gc.policy.persistentCacheTaskTTL
    gc.policy.pageCacheIdleTimeout gc.policy.diskThreshold gc.policy.diskHighThresholdPercent
    gc.policy.diskLowThresholdPercent gc.policy.distThreshold gc.policy.distHighThresholdPercent
    gc.policy.distLowThresholdPercent
    proxy.server.ip proxy.server.port proxy.server.requestRateLimit proxy.server.caCert proxy.server.caKey
    proxy.server.basicAuth.username proxy.server.basicAuth.password proxy.rules proxy.registryMirror.addr
    proxy.registryMirror.cert proxy.registryMirror.enableTaskIDBasedBlobDigest proxy.disableBackToSource proxy.prefetch
    proxy.prefetchBandwidthLimit proxy.readBufferSize
    health.server.ip health.server.port metrics.server.ip metrics.server.port stats.server.ip stats.server.port
    tracing.protocol tracing.endpoint tracing.path tracing.headers
    backend.requestHeader backend.maxRetries backend.enableCacheTemporaryRedirect backend.cacheTemporaryRedirectTTL
    backend.enableHickoryDNS backend.putConcurrentChunkCount backend.putChunkSize backend.putTimeout
    network.enableIPv6
    """.split(whereSeparator: \.isWhitespace).map(String.init)

let packageRoot = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    .deletingLastPathComponent().deletingLastPathComponent()
