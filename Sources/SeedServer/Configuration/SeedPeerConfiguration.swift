package import SeedOrigin

/// What a seed peer is told at start, with Dragonfly's key names. The defaults are the ones of an empty file.
///
/// ``ConfigurationKey/table`` says for each key how it is read; `config/seed-peer.yaml` is rendered from both.
package struct SeedPeerConfiguration: Sendable, Equatable {
    package var host = Host()
    package var proxy = Proxy()
    package var storage = Storage()
    package var gc = GC()
    package var download = Download()
    package var backend = Backend()
    package var metrics = Listener(port: 4002)
    package var health = Listener(port: 4003)
    /// On loopback unless told otherwise: whoever reaches it may pin what fills the store.
    package var admin = Listener(ip: "127.0.0.1", port: 4004)
    package var shutdown = Shutdown()

    package init() {}

    /// Who we say we are.
    package struct Host: Sendable, Equatable {
        /// The address in `X-Dragonfly-Server-IP`; nil takes the first non-loopback IPv4 address.
        package var ip: String?
    }

    /// An address to listen on. Port 0 lets the system choose; the `ready` line says what it chose.
    package struct Listener: Sendable, Equatable {
        package var ip = "0.0.0.0"
        /// 0–65535.
        package var port: Int
    }

    package struct Proxy: Sendable, Equatable {
        package var server = Listener(port: 4001)
        package var limits = Limits()
        package var basicAuth = BasicAuth()
        package var registryMirror = RegistryMirror()
        package var prefetch = false
        /// Zero means for ever.
        package var revalidateAfter = Duration.seconds(300)
        /// The file of requests to refuse.
        package var blockList: String?
        package var rules: [Rule] = []
        /// Nothing is fetched for the cache: what is not held is refused.
        package var disableBackToSource = false
        /// Bytes per second from origins of what no client waits for.
        package var prefetchBandwidthLimit: Int64 = 10_000_000_000
    }

    /// What clients may do at most. Zero means no limit.
    package struct Limits: Sendable, Equatable {
        /// Per second.
        package var requestRate = 0
        package var connections = 16_384
        package var connectionsPerClient = 0
        package var idleTimeout = Duration.seconds(75)
        package var headTimeout = Duration.seconds(15)
        package var bodyTimeout = Duration.seconds(60)
    }

    /// The credentials that clients must send; both or none.
    package struct BasicAuth: Sendable, Equatable {
        package var username: String?
        package var password: String?
        /// Whether `Authorization` counts too.
        package var acceptsAuthorization = false
    }

    package struct RegistryMirror: Sendable, Equatable {
        /// A URL.
        package var addr = "https://index.docker.io"
        package var usesBlobDigest = false
    }

    /// GET requests whose URL matches go through the cache.
    package struct Rule: Sendable, Equatable {
        /// Searched, unanchored, in the URL without its query and fragment.
        package var regex = ".*"
        /// Ask the origin by https although the client wrote http.
        package var useTLS = false
        /// The `host[:port]` that is asked instead of the URL's own.
        package var redirect: String?
        /// The query parameters that don't belong to the task's identity; nil takes Dragonfly's list.
        package var filteredQueryParams: [String]?
        /// What these URLs name never changes.
        package var immutable = false
        /// How long an answer is fresh whose origin doesn't say; zero means for ever, nil takes `proxy.revalidateAfter`.
        package var revalidateAfter: Duration?
    }

    package struct Storage: Sendable, Equatable {
        package var dir = "/var/lib/dragonfly"
        /// Whether a restart finds what the last run stored.
        package var keep = true
        /// Bytes of memory for hot blocks; nil takes a share of the memory there is, 0 takes none.
        package var cacheCapacity: Int64?
        /// Objects longer than this many bytes are not stored; 0 stores all.
        package var taskSizeLimit: Int64 = 0
        /// Bytes a second that are read to find rotten blocks; 0 looks for none.
        package var scrubRate: Int64 = 8 << 20
    }

    /// When what is stored goes again.
    package struct GC: Sendable, Equatable {
        /// How often old tasks are looked for and files measured. Room is made when it is needed, whatever this says.
        package var interval = Duration.seconds(900)
        package var policy = Policy()

        package struct Policy: Sendable, Equatable {
            /// Tasks that nobody read for so long go.
            package var taskTTL = Duration.seconds(720 * 3_600)
            /// Most bytes of content; 0 leaves it to the volume.
            package var diskThreshold: Int64 = 0
            /// Above this part of the threshold, or of the volume, pieces go. 1–99.
            package var diskHighThresholdPercent = 95
            /// Down to this part; less than the other.
            package var diskLowThresholdPercent = 90
        }
    }

    package struct Download: Sendable, Equatable {
        /// Requests to the origin at one time for one task, at least 1.
        package var concurrentPieceCount = 8
        /// How long a transfer may make no progress.
        package var pieceTimeout = Duration.seconds(360)
        /// Bytes per second from all origins together.
        package var backToSourceBandwidthLimit: Int64 = 50_000_000_000
    }

    package struct Backend: Sendable, Equatable {
        /// Address blocks (CIDR) that the address guard lets through although it refuses them by default.
        package var allowAddresses: [CIDR] = []
        /// Further tries after a failed origin request.
        package var maxRetries = 1
        /// A PEM file of authorities to trust for origins besides the system's.
        package var caCert: String?
        /// How origins are spoken to.
        package var httpVersion = OriginConfiguration.HTTPVersion.http1
        /// The proxy that all origin requests go through; nil: none, whatever the environment says.
        package var proxy: String?
        /// Whether it is remembered where redirects lead.
        package var enableCacheTemporaryRedirect = true
        /// For how long, at most; a signed target is forgotten before its signature ends.
        package var cacheTemporaryRedirectTTL = Duration.seconds(600)
    }

    package struct Shutdown: Sendable, Equatable {
        /// How long running requests may go on after SIGTERM.
        package var timeout = Duration.seconds(20)
    }
}

extension SeedPeerConfiguration {
    /// The configuration of `seed-peer run --dev`: everything on loopback, every URL through the cache, the store beside you.
    package static var development: SeedPeerConfiguration {
        var configuration = SeedPeerConfiguration()
        for listener in [\Self.proxy.server, \.metrics, \.health, \.admin] {
            configuration[keyPath: listener].ip = "127.0.0.1"
        }
        configuration.proxy.rules = [Rule(regex: ".*")]
        configuration.storage.dir = ".seed-peer"
        configuration.backend.allowAddresses = ["127.0.0.0/8", "::1/128"].compactMap(CIDR.init)
        return configuration
    }
}
