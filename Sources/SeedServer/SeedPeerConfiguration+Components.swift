import DragonflyIdentity
import SeedEngine
import SeedOrigin
import SeedProxy
import SeedStorage
import SeedSupport

/// What each part is told of the configuration.
extension SeedPeerConfiguration {
    var forStorage: StorageConfiguration {
        let policy = gc.policy
        return StorageConfiguration(
            directory: storage.dir, keep: storage.keep,
            limits: SpaceLimits(
                capacity: policy.diskThreshold == 0 ? nil : policy.diskThreshold,
                highPercent: policy.diskHighThresholdPercent, lowPercent: policy.diskLowThresholdPercent),
            taskTTL: policy.taskTTL, interval: gc.interval,
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
        settings.serverIP = host.ip ?? OwnAddress.first
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
        return settings
    }

    /// How often connections look at the time: a quarter of the shortest time limit, 10 ms to 1 s.
    var tickInterval: Duration {
        let limits = proxy.limits
        let shortest = [limits.idleTimeout, limits.headTimeout, limits.bodyTimeout, download.pieceTimeout].min()
        return max(.milliseconds(10), min(.seconds(1), (shortest ?? .seconds(4)) / 4))
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
