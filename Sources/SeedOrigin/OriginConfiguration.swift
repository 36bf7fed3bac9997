package import HTTPTransfers

/// How origins are contacted.
package struct OriginConfiguration: Sendable, Equatable {
    package enum HTTPVersion: Hashable, Sendable {
        /// Keep-alive connections, one transfer each at a time: best for bulk.
        case http1
        /// HTTP/2 where TLS negotiates it.
        case http2
    }

    /// What holds for every transfer.
    package var transfers = TransferSettings()
    /// Transfers running at one origin host (scheme, name, port) at a time; more wait, the most urgent first.
    package var transfersPerHost = 64
    /// Transfers running in all.
    package var transfersInAll = 1024
    /// Requests that pass through, under way in all.
    package var passThroughsInAll = 1_024
    /// The same as `transfers.noProgressTimeout` for requests that pass through; nil: that one.
    package var passThroughTimeout: Duration?
    package var maxRedirects = 10
    /// `backend.httpVersion`.
    package var httpVersion = HTTPVersion.http1
    /// Whether it is remembered where redirects lead (`backend.enableCacheTemporaryRedirect`).
    package var remembersRedirects = true
    /// For how long, at most (`backend.cacheTemporaryRedirectTTL`).
    package var redirectTimeToLive: Duration = .seconds(600)
    /// Failures in a row (no connection, no response, 5xx) after which a host is left alone for a while; 0: never.
    package var failuresToOpenCircuit = 16
    /// Bytes per second from all origins together (`download.backToSourceBandwidthLimit`); nil: no limit.
    package var bandwidth: Int64? = 50_000_000_000
    /// Bytes per second of what no client waits for, completion and prefetch (`proxy.prefetchBandwidthLimit`); nil: no
    /// limit.
    package var backgroundBandwidth: Int64? = 10_000_000_000
    /// Blocks that may be dialled although the guard refuses them by default (`backend.allowAddresses`).
    package var allowedAddresses: [CIDR] = []
    /// Sent unless the request's headers name one.
    package var userAgent = "seed-peer"

    package init() {}
}

extension OriginConfiguration {
    /// Whether a proxy reads the head of a request to that URL, and not only holds a tunnel open.
    func isThroughPlainProxy(_ url: TransferURL) -> Bool { transfers.proxy != nil && url.scheme == "http" }
}
