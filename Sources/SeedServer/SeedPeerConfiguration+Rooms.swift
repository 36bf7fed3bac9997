import DragonflyIdentity
import NIOCore
import SeedEngine
import SeedOrigin
import SeedProxy
import SeedStorage

/// What each room is told of the configuration.
extension SeedPeerConfiguration {
    var forStorage: StorageConfiguration {
        let policy = gc.policy
        return StorageConfiguration(
            directory: storage.dir, keep: storage.keep,
            limits: SpaceLimits(
                capacity: policy.diskThreshold == 0 ? nil : policy.diskThreshold,
                highPercent: policy.diskHighThresholdPercent, lowPercent: policy.diskLowThresholdPercent),
            taskTTL: policy.taskTTL.components.seconds, interval: gc.interval.components.seconds,
            scrubRate: storage.scrubRate)
    }

    func forOrigin(_ addressGuard: AddressGuard) -> OriginConfiguration {
        var origin = OriginConfiguration()
        origin.noProgressTimeout = download.pieceTimeout
        origin.httpVersion = backend.httpVersion
        origin.proxy = backend.proxy
        origin.certificateAuthorities = backend.caCert
        origin.redirectTimeToLive =
            backend.enableCacheTemporaryRedirect ? backend.cacheTemporaryRedirectTTL : .zero
        origin.bandwidth = download.backToSourceBandwidthLimit
        origin.backgroundBandwidth = proxy.prefetchBandwidthLimit
        origin.addressGuard = addressGuard
        origin.userAgent = "seed-peer/\(SeedPeer.version)"
        return origin
    }

    var forEngine: EngineConfiguration {
        var engine = EngineConfiguration()
        engine.concurrentFlights = download.concurrentPieceCount
        engine.maxRetries = backend.maxRetries
        engine.memoryCapacity = Int(storage.cacheCapacity ?? MemoryLimit.bytes / 16)
        engine.taskSizeLimit = storage.taskSizeLimit == 0 ? nil : storage.taskSizeLimit
        engine.isBackToSourceDisabled = proxy.disableBackToSource
        return engine
    }

    var forProxy: ProxyConfiguration {
        var settings = ProxyConfiguration()
        settings.host = proxy.server.ip
        settings.port = proxy.server.port
        settings.rules = proxy.rules.map(\.forProxy)
        settings.serverIP = host.ip ?? Self.ownAddress
        settings.eventLoops = System.coreCount
        settings.registryMirror = proxy.registryMirror.addr
        settings.usesBlobDigest = proxy.registryMirror.usesBlobDigest
        settings.prefetch = proxy.prefetch
        settings.revalidateAfter = proxy.revalidateAfter
        settings.requestRateLimit = proxy.limits.requestRate
        settings.connectionLimit = proxy.limits.connections
        settings.connectionsPerClient = proxy.limits.connectionsPerClient
        settings.idleTimeout = proxy.limits.idleTimeout
        settings.headTimeout = proxy.limits.headTimeout
        settings.bodyTimeout = proxy.limits.bodyTimeout
        settings.basicAuth = proxy.basicAuth.forProxy
        settings.originProxy = backend.proxy.flatMap(OriginProxy.init)
        settings.relayTimeout = download.pieceTimeout
        settings.extraTrustRoots = backend.caCert.map { [$0] } ?? []
        return settings
    }

    /// The first IPv4 address that is not loopback's; without a network, loopback's.
    private static var ownAddress: String {
        let devices = (try? System.enumerateDevices()) ?? []
        let addresses = devices.compactMap { $0.address?.protocol == .inet ? $0.address?.ipAddress : nil }
        return addresses.first { !$0.hasPrefix("127.") } ?? "127.0.0.1"
    }
}

extension SeedPeerConfiguration.BasicAuth {
    fileprivate var forProxy: SeedProxy.BasicAuth? {
        guard let username, let password else { return nil }
        return SeedProxy.BasicAuth(
            username: username, password: password, acceptsAuthorization: acceptsAuthorization)
    }
}

extension SeedPeerConfiguration.Rule {
    fileprivate var forProxy: ProxyRule {
        ProxyRule(
            regex: regex, useTLS: useTLS, redirect: redirect,
            filteredQueryParams: filteredQueryParams ?? QueryFilter.defaultNames, immutable: immutable,
            revalidateAfter: revalidateAfter)
    }
}
