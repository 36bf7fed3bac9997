extension ConfigurationKey {
    /// Dragonfly's keys that we accept but don't use, so that its files work unchanged.
    package static let ignored: [ConfigurationKey] =
        ignored(peers, "no pieces are served to peers")
        + ignored(control, "no scheduler or manager is spoken to")
        + ignored(otherKinds, "there is one kind of task, and the kernel keeps its page cache")
        + ignored(tuning, "we size and time this ourselves")
        + ignored(limits, "not limited")
        + ignored(later, "not built")
        + notEnforced

    /// Setting one of these suggests that it is relied on, so ignoring it logs a warning.
    private static let notEnforced: [ConfigurationKey] = [
        "upload.server.caCert", "upload.server.cert", "upload.server.key",
    ].map { .ignored($0, "not enforced", loud: true) }

    private static let peers = [
        "download.protocol", "download.collectedPieceTimeout", "upload.server.ip", "upload.server.port",
        "upload.client", "upload.disableShared", "storage.server.tcpPort", "storage.server.quicPort",
        "storage.server.tcpFastopen",
    ]

    private static let control = [
        "host.hostname", "host.idc", "host.location", "host.schedulerClusterID", "download.server.socketPath",
        "manager.addr",
        "manager.caCert", "manager.cert", "manager.key", "scheduler.caCert", "scheduler.cert", "scheduler.key",
        "scheduler.announceInterval", "scheduler.scheduleTimeout", "scheduler.maxScheduleCount", "seedPeer.enable",
        "seedPeer.type", "dynconfig.refreshInterval",
    ]

    private static let otherKinds = [
        "gc.policy.persistentTaskTTL", "gc.policy.persistentCacheTaskTTL", "gc.policy.pageCacheIdleTimeout",
    ]

    private static let tuning = [
        "server.pluginDir", "server.cacheDir", "server.adaptiveRateLimit", "download.server.requestBufferSize",
        "upload.server.requestBufferSize", "storage.writePieceTimeout", "storage.writeBufferSize",
        "storage.readBufferSize", "proxy.readBufferSize", "backend.enableHickoryDNS", "network.enableIPv6",
    ]

    private static let limits = [
        "download.server.requestRateLimit", "download.bandwidthLimit", "upload.server.requestRateLimit",
        "upload.bandwidthLimit",
    ]

    private static let later = [
        "proxy.server.caCert", "proxy.server.caKey", "proxy.registryMirror.cert", "tracing.protocol",
        "tracing.endpoint", "tracing.path", "tracing.headers", "backend.requestHeader",
        "backend.putConcurrentChunkCount", "backend.putChunkSize", "backend.putTimeout",
    ]

    private static func ignored(_ paths: [String], _ reason: String) -> [ConfigurationKey] {
        paths.map { .ignored($0, reason) }
    }
}
