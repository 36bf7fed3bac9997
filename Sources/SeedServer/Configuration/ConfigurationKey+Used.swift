extension ConfigurationKey {
    /// The keys we use, in the order of the file.
    package static let used: [ConfigurationKey] = host + proxy + storage + gc + download + backend + listeners

    private static let host: [ConfigurationKey] = [
        .key(
            "host.ip", \.host.ip, .optional(.address),
            "address in X-Dragonfly-Server-IP; empty: the first non-loopback IPv4 address")
    ]

    private static let timeout = ConfigurationKind<Duration>.duration(in: .milliseconds(100)...(.seconds(86_400)))

    private static let proxy: [ConfigurationKey] = [
        .key("proxy.server.ip", \.proxy.server.ip, .address, "address of the data port"),
        .key("proxy.server.port", \.proxy.server.port, .port, "data port; 0: any free one"),
        .key(
            "proxy.server.requestRateLimit", \.proxy.limits.requestRate, .whole(in: 0...10_000_000),
            "requests a second, over all clients; more are answered 429; 0: no limit", .otherDefault),
        .key(
            "proxy.server.connectionLimit", \.proxy.limits.connections, .whole(in: 1...1_000_000),
            "open client connections; more are closed at once", .own),
        .key(
            "proxy.server.connectionsPerClient", \.proxy.limits.connectionsPerClient, .whole(in: 0...1_000_000),
            "open connections of one client address; 0: no limit", .own),
        .key(
            "proxy.server.idleTimeout", \.proxy.limits.idleTimeout, timeout,
            "how long a connection may be without a request", .own),
        .key(
            "proxy.server.headTimeout", \.proxy.limits.headTimeout, timeout,
            "how long a request head may take from its first byte to its last", .own),
        .key(
            "proxy.server.bodyTimeout", \.proxy.limits.bodyTimeout, timeout,
            "how long a request body may stop coming", .own),
        .key(
            "proxy.server.basicAuth.username", \.proxy.basicAuth.username, .optional(.text),
            "name that clients must send in Proxy-Authorization", .mapped),
        .key("proxy.server.basicAuth.password", \.proxy.basicAuth.password, .optional(.text), "its password", .mapped),
        .key(
            "proxy.server.basicAuth.acceptAuthorization", \.proxy.basicAuth.acceptsAuthorization, .flag,
            "take them from Authorization too, as Dragonfly does", .own),
        .key(
            "proxy.registryMirror.addr", \.proxy.registryMirror.addr, .url,
            "registry meant by requests in origin form that name none"),
        .key(
            "proxy.registryMirror.enableTaskIDBasedBlobDigest", \.proxy.registryMirror.usesBlobDigest, .flag,
            "blob and manifest URLs name their task by digest"),
        .key(
            "proxy.prefetch", \.proxy.prefetch, .flag, "fetch the rest of an object after a range of it"),
        .key(
            "proxy.revalidateAfter", \.proxy.revalidateAfter, .duration(in: .zero...(.seconds(31_536_000))),
            "how long an answer is fresh whose origin doesn't say; 0s: for ever", .own),
        .key(
            "proxy.blockList", \.proxy.blockList, .optional(.filePath),
            "YAML file of requests to refuse, in Dragonfly's form; read again on SIGHUP", .own),
        .key(
            "proxy.rules", \.proxy.rules, .list(of: .rule),
            "GET requests whose URL (without query) matches a regex go through the cache"),
        .key(
            "proxy.disableBackToSource", \.proxy.disableBackToSource, .flag,
            "whether what is not held is refused (504) instead of fetched from its origin"),
        .key(
            "proxy.prefetchBandwidthLimit", \.proxy.prefetchBandwidthLimit, .rate,
            "bytes per second from origins of what no client waits for (completion and prefetch)"),
    ]

    private static let storage: [ConfigurationKey] = [
        .key("storage.dir", \.storage.dir, .filePath, "where pieces and the index live"),
        .key("storage.keep", \.storage.keep, .flag, "whether a restart finds what was stored", .otherDefault),
        .key(
            "storage.cacheCapacity", \.storage.cacheCapacity, .optional(anySize),
            "memory for hot blocks; empty: a sixteenth of the memory there is; 0: none", .otherDefault),
        .key(
            "storage.taskSizeLimit", \.storage.taskSizeLimit, anySize,
            "longer objects pass through unstored; 0: all are stored", .own),
        .key(
            "storage.scrubRate", \.storage.scrubRate, anySize,
            "bytes a second that are read to find rotten blocks; 0: none", .own),
    ]

    private static let gc: [ConfigurationKey] = [
        .key(
            "gc.interval", \.gc.interval, .duration(in: .seconds(1)...(.seconds(86_400))),
            "how often old tasks are looked for; room is made at once, when it is needed", .mapped),
        .key(
            "gc.policy.taskTTL", \.gc.policy.taskTTL, .duration(in: .seconds(1)...(.seconds(100 * 365 * 86_400))),
            "tasks that nobody read for so long go"),
        .key(
            "gc.policy.diskThreshold", \.gc.policy.diskThreshold, anySize,
            "most bytes of content; 0: what the volume has"),
        .key(
            "gc.policy.diskHighThresholdPercent", \.gc.policy.diskHighThresholdPercent, .whole(in: 1...99),
            "above this part of the threshold, or of the volume, the least used pieces go", .otherDefault),
        .key(
            "gc.policy.diskLowThresholdPercent", \.gc.policy.diskLowThresholdPercent, .whole(in: 1...99),
            "down to this part; less than the high one", .otherDefault),
        .key(
            "gc.policy.distThreshold", \.gc.policy.diskThreshold, anySize, "older name of diskThreshold", .mapped),
        .key(
            "gc.policy.distHighThresholdPercent", \.gc.policy.diskHighThresholdPercent, .whole(in: 1...99),
            "older name of diskHighThresholdPercent", .mapped),
        .key(
            "gc.policy.distLowThresholdPercent", \.gc.policy.diskLowThresholdPercent, .whole(in: 1...99),
            "older name of diskLowThresholdPercent", .mapped),
    ]

    private static var anySize: ConfigurationKind<Int64> { .size(in: 0...(1 << 60)) }

    private static let download: [ConfigurationKey] = [
        .key(
            "download.concurrentPieceCount", \.download.concurrentPieceCount, .whole(in: 1...1_024),
            "origin requests at one time for one task"),
        .key(
            "download.pieceTimeout", \.download.pieceTimeout, .duration(in: .milliseconds(100)...(.seconds(86_400))),
            "how long a transfer may make no progress; there is no limit on its whole time", .mapped),
        .key(
            "download.backToSourceBandwidthLimit", \.download.backToSourceBandwidthLimit, .rate,
            "bytes per second from all origins together; what clients wait for goes first"),
    ]

    private static let backend: [ConfigurationKey] = [
        .key(
            "backend.allowAddresses", \.backend.allowAddresses, .list(of: .addressBlock),
            "blocks to fetch from although refused by default (loopback, link-local, cloud metadata)", .own),
        .key("backend.maxRetries", \.backend.maxRetries, .whole(in: 0...100), "further tries of an origin request"),
        .key(
            "backend.caCert", \.backend.caCert, .optional(.filePath),
            "PEM file of authorities to trust for origins besides the system's", .own),
        .key(
            "backend.httpVersion", \.backend.httpVersion, .httpVersion,
            "1.1: one transfer a connection, best for bulk; 2: many on one connection, where TLS negotiates it", .own),
        .key(
            "backend.proxy", \.backend.proxy, .optional(.proxyURL),
            "proxy to origins, http://[user:password@]host:port; empty: none, the environment is ignored", .own),
        .key(
            "backend.enableCacheTemporaryRedirect", \.backend.enableCacheTemporaryRedirect, .flag,
            "remember for each URL and credential where redirects lead", .mapped),
        .key(
            "backend.cacheTemporaryRedirectTTL", \.backend.cacheTemporaryRedirectTTL,
            .duration(in: .seconds(1)...(.seconds(86_400))),
            "for how long at most; a signed target is forgotten before its signature ends", .mapped),
    ]

    private static let listeners: [ConfigurationKey] = [
        .key("health.server.ip", \.health.ip, .address, "address of the health port"),
        .key("health.server.port", \.health.port, .port, "GET /healthy; 0: any free port"),
        .key("metrics.server.ip", \.metrics.ip, .address, "address of the metrics port"),
        .key("metrics.server.port", \.metrics.port, .port, "GET /metrics; 0: any free port"),
        .key("admin.server.ip", \.admin.ip, .address, "address of the admin port", .own),
        .key("admin.server.port", \.admin.port, .port, "admin port; 0: any free port", .own),
        .key("stats.server.ip", \.admin.ip, .address, "older name of admin.server.ip", .mapped),
        .key("stats.server.port", \.admin.port, .port, "older name of admin.server.port", .mapped),
        .key(
            "shutdown.timeout", \.shutdown.timeout, .duration(in: .zero...(.seconds(3_600))),
            "how long running requests may go on after SIGTERM", .own),
    ]
}
