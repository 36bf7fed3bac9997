import HTTPServer
import HTTPTransfers
import SeedEngine
import SeedOrigin
import SeedProxy
import SeedStorage
import SeedSupport

extension ConfigurationKey {
    /// The keys we use, in the order of the file.
    package static let used: [ConfigurationKey] = host + proxy + storage + gc + download + backend + listeners

    private static let host: [ConfigurationKey] = [
        .key(
            "host.ip", \.proxy.serverIP, .optional(.addressText),
            "address in X-Dragonfly-Server-IP; empty: the first non-loopback IPv4 address")
    ]

    private static let timeout = ConfigurationKind<Duration>.duration(in: .milliseconds(100)...(.seconds(86_400)))

    private static let proxy: [ConfigurationKey] = [
        .key("proxy.server.ip", \.proxy.address.ip, .address, "address of the data port"),
        .key("proxy.server.port", \.proxy.address.port, .port, "data port; 0: any free one"),
        .key(
            "proxy.server.requestRateLimit", \.proxy.requestRateLimit, .whole(in: 0...10_000_000),
            "requests a second, over all clients; more get 429; 0: no limit", .otherDefault),
        .key(
            "proxy.server.connectionLimit", \.proxy.server.connectionLimit, .whole(in: 1...1_000_000),
            "open client connections; more are closed at once", .own),
        .key(
            "proxy.server.connectionsPerClient", \.proxy.server.connectionsPerClient, .whole(in: 0...1_000_000),
            "open connections of one client address; 0: no limit", .own),
        .key(
            "proxy.server.idleTimeout", \.proxy.server.timeouts.idle, timeout,
            "how long a connection may be without a request", .own),
        .key(
            "proxy.server.headTimeout", \.proxy.server.timeouts.head, timeout,
            "how long a request head may take from its first byte to its last", .own),
        .key(
            "proxy.server.bodyTimeout", \.proxy.server.timeouts.body, timeout,
            "how long a request body may stop coming", .own),
        .key(
            "proxy.server.basicAuth.username", \.proxy.basicAuth.username, .text,
            "name that clients must send in Proxy-Authorization", .mapped),
        .key("proxy.server.basicAuth.password", \.proxy.basicAuth.password, .text, "its password", .mapped),
        .key(
            "proxy.server.basicAuth.acceptAuthorization", \.proxy.basicAuth.acceptsAuthorization, .flag,
            "take them from Authorization too, as Dragonfly does", .own),
        .key(
            "proxy.registryMirror.addr", \.proxy.registryMirror, .optional(.url),
            "registry meant by requests in origin form that name none"),
        .key(
            "proxy.registryMirror.enableTaskIDBasedBlobDigest", \.proxy.usesBlobDigest, .flag,
            "blob and manifest URLs name their task by digest"),
        .key(
            "proxy.prefetch", \.proxy.prefetch, .flag, "fetch the rest of an object after a range of it"),
        .key(
            "proxy.revalidateAfter", \.proxy.freshness.revalidateAfter, .freshness,
            "default lifetime of a response whose origin states none; 0s: forever", .own),
        .key(
            "proxy.blockList", \.blockListFile, .optional(.filePath),
            "YAML file of requests to refuse, in Dragonfly's form; read again on SIGHUP", .own),
        .key(
            "proxy.rules", \.proxy.rules, .list(of: .rule),
            "GET requests whose URL (without query) matches a regex go through the cache"),
        .key(
            "proxy.disableBackToSource", \.engine.isBackToSourceDisabled, .flag,
            "whether what is not held is refused (504) instead of fetched from its origin"),
        .key(
            "proxy.prefetchBandwidthLimit", \.origin.backgroundBandwidth, .optional(.rate),
            "bytes per second from origins of what no client waits for (completion and prefetch)"),
    ]

    private static let storage: [ConfigurationKey] = [
        .key("storage.dir", \.storage.directory, .filePath, "where pieces and the index live"),
        .key("storage.keep", \.storage.keep, .flag, "whether a restart finds what was stored", .otherDefault),
        .key(
            "storage.cacheCapacity", \.engine.cacheCapacity, .optional(anySize),
            "memory for hot blocks; empty: a sixteenth of the memory there is; 0: none", .otherDefault),
        .key(
            "storage.taskSizeLimit", \.engine.taskSizeLimit, .orNoneIfZero(anySize),
            "longer objects pass through unstored; 0: all are stored", .own),
        .key(
            "storage.scrubRate", \.storage.scrubRate, anySize,
            "bytes a second that are read to find rotten blocks; 0: none", .own),
    ]

    private static let gc: [ConfigurationKey] = [
        .key(
            "gc.interval", \.storage.interval, .duration(in: .seconds(1)...(.seconds(86_400))),
            "how often old tasks are looked for; room is made at once, when it is needed", .mapped),
        .key(
            "gc.policy.taskTTL", \.storage.taskTTL,
            .optional(.duration(in: .seconds(1)...(.seconds(100 * 365 * 86_400)))),
            "tasks unread for this long are removed"),
        .key(
            "gc.policy.diskThreshold", \.storage.limits.capacity, .orNoneIfZero(anySize),
            "most bytes of content and records; 0: what the volume has"),
        .key(
            "gc.policy.diskHighThresholdPercent", \.storage.limits.highPercent, .whole(in: 1...99),
            "above this part of the threshold, or of the volume, the least used pieces go", .otherDefault),
        .key(
            "gc.policy.diskLowThresholdPercent", \.storage.limits.lowPercent, .whole(in: 1...99),
            "down to this part; less than the high one", .otherDefault),
        .key(
            "gc.policy.distThreshold", \.storage.limits.capacity, .orNoneIfZero(anySize), "older name of diskThreshold",
            .mapped),
        .key(
            "gc.policy.distHighThresholdPercent", \.storage.limits.highPercent, .whole(in: 1...99),
            "older name of diskHighThresholdPercent", .mapped),
        .key(
            "gc.policy.distLowThresholdPercent", \.storage.limits.lowPercent, .whole(in: 1...99),
            "older name of diskLowThresholdPercent", .mapped),
    ]

    private static var anySize: ConfigurationKind<Int64> { .size(in: 0...(1 << 60)) }

    private static let download: [ConfigurationKey] = [
        .key(
            "download.concurrentPieceCount", \.engine.concurrentFlights, .whole(in: 1...1_024),
            "origin requests at one time for one task"),
        .key(
            "download.pieceTimeout", \.origin.transfers.noProgressTimeout, timeout,
            "how long a transfer may make no progress; there is no limit on its whole time", .mapped),
        .key(
            "download.backToSourceBandwidthLimit", \.origin.bandwidth, .optional(.rate),
            "bytes per second from all origins together; what clients wait for goes first"),
    ]

    private static let backend: [ConfigurationKey] = [
        .key(
            "backend.allowAddresses", \.origin.allowedAddresses, .list(of: .addressBlock),
            "blocks to fetch from although refused by default (loopback, link-local, cloud metadata)", .own),
        .key("backend.maxRetries", \.engine.maxRetries, .whole(in: 0...100), "further tries of an origin request"),
        .key(
            "backend.caCert", \.origin.transfers.certificateAuthorities, .optional(.filePath),
            "PEM file of authorities to trust for origins besides the system's", .own),
        .key(
            "backend.httpVersion", \.origin.httpVersion, .httpVersion,
            "1.1: one transfer a connection, best for bulk; 2: many on one connection, where TLS negotiates it", .own),
        .key(
            "backend.proxy", \.origin.transfers.proxy, .optional(.proxyURL),
            "proxy to origins, http://[user:password@]host:port; empty: none, the environment is ignored", .own),
        .key(
            "backend.enableCacheTemporaryRedirect", \.origin.remembersRedirects, .flag,
            "remember for each URL and credential where redirects lead", .mapped),
        .key(
            "backend.cacheTemporaryRedirectTTL", \.origin.redirectTimeToLive,
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
            "shutdown.drainDelay", \.drainDelay, .duration(in: .zero...(.seconds(600))),
            "how long requests are served on after SIGTERM, while health answers 503 and clients go elsewhere", .own),
        .key(
            "shutdown.timeout", \.shutdownTimeout, .duration(in: .zero...(.seconds(3_600))),
            "how long running requests may go on after that", .own),
    ]
}
