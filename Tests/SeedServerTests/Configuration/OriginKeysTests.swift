import HTTPTransfers
import SeedOrigin
import SeedServer
import Testing

@Suite("Configuration keys of the origin")
struct OriginKeysTests {
    @Test("Version, proxy, bandwidths and redirects are read")
    func values() throws {
        let loaded = try SeedPeerConfiguration.parse(
            """
            download: {backToSourceBandwidthLimit: 100MB}
            proxy: {prefetchBandwidthLimit: 64MiB}
            backend:
              httpVersion: 2
              proxy: http://user:word@proxy.example:3128
              enableCacheTemporaryRedirect: false
              cacheTemporaryRedirectTTL: 5m
            """)
        #expect(loaded.notices.isEmpty)
        let origin = loaded.configuration.origin
        #expect(origin.bandwidth == 100_000_000)
        #expect(origin.backgroundBandwidth == 64 << 20)
        #expect(origin.httpVersion == .http2)
        #expect(origin.transfers.proxy == "http://user:word@proxy.example:3128")
        #expect(!origin.remembersRedirects)
        #expect(origin.redirectTimeToLive == .seconds(300))
    }

    @Test(
        "What is no version, proxy or rate is refused",
        arguments: [
            "backend: {httpVersion: 3}", "backend: {proxy: proxy.example}", "backend: {proxy: 'socks5://h:1'}",
            "download: {backToSourceBandwidthLimit: 0}", "proxy: {prefetchBandwidthLimit: fast}",
        ])
    func refused(_ yaml: String) {
        #expect(throws: ConfigurationError.self) { try SeedPeerConfiguration.parse(yaml) }
    }
}
