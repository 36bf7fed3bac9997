package import SeedEngine
package import SeedOrigin
package import SeedProxy
package import SeedStorage
package import SeedSupport

/// What a seed peer is told at start: the layers' own settings, and what belongs to none of them.
///
/// Its defaults are those of an empty file, and each stands where the setting does: in the layer's struct, or here.
/// ``ConfigurationKey/used`` says for each key which setting it is and how it is read; `config/seed-peer.yaml` is rendered
/// from both.
package struct SeedPeerConfiguration: Sendable, Equatable {
    package var proxy = ProxyConfiguration()
    package var engine = EngineConfiguration()
    package var storage = StorageConfiguration()
    package var origin = OriginConfiguration()
    /// The file of requests to refuse (`proxy.blockList`).
    package var blockListFile: String?
    package var health = SocketAddress(.any, port: 4003)
    package var metrics = SocketAddress(.any, port: 4002)
    /// On loopback by default: anyone who can reach it can pin objects until the store is full.
    package var admin = SocketAddress(.loopback, port: 4004)
    /// How long requests are served on after SIGTERM, while clients learn that this seed peer leaves.
    package var drainDelay = Duration.seconds(10)
    /// How long running requests may go on after that.
    package var shutdownTimeout = Duration.seconds(20)

    package init() {}
}

extension SeedPeerConfiguration {
    /// The configuration of `seed-peer run --dev`: everything on loopback, every URL through the cache, the store beside you.
    package static var development: SeedPeerConfiguration {
        var configuration = SeedPeerConfiguration()
        for listener in [\Self.proxy.address, \.health, \.metrics, \.admin] {
            configuration[keyPath: listener].ip = .loopback
        }
        configuration.proxy.rules = [ProxyRule()]
        configuration.storage.directory = ".seed-peer"
        configuration.drainDelay = .zero
        configuration.origin.allowedAddresses = ["127.0.0.0/8", "::1/128"].compactMap(CIDR.init)
        return configuration
    }
}
