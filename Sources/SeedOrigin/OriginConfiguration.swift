import HTTPSemantics
package import HTTPTransfers
import SeedSupport

/// How an origin is spoken to.
package struct OriginConfiguration: Sendable {
    package enum HTTPVersion: Hashable, Sendable {
        /// Keep-alive connections, one transfer each at a time: best for bulk.
        case http1
        /// HTTP/2 where TLS negotiates it.
        case http2
    }

    /// Name lookup, connection and TLS handshake together.
    package var connectTimeout: Duration = .seconds(10)
    /// `download.pieceTimeout`: a transfer that receives nothing for this long fails. Time spent paused does not count,
    /// and there is no limit on the whole.
    package var noProgressTimeout: Duration = .seconds(360)
    /// Transfers running at one origin host (scheme, name, port) at a time; more wait, the most urgent first.
    package var transfersPerHost = 64
    /// Transfers running in all.
    package var transfersInAll = 1024
    /// Connections kept open for reuse.
    package var pool = PoolLimits()
    /// Name lookups at once.
    package var nameLookups = 64
    /// Requests that pass through, under way in all.
    package var passThroughsInAll = 1_024
    /// The same as `noProgressTimeout` for requests that pass through; nil: that one.
    package var passThroughTimeout: Duration?
    package var maxRedirects = 10
    /// Longest head, status line and all header lines together, in bytes.
    package var headLimit = MessageLimits.receivedHead
    package var httpVersion = HTTPVersion.http1
    /// `backend.proxy`. Nil: none, whatever the environment says.
    package var proxy: String?
    /// PEM file of authorities trusted besides the system's.
    package var certificateAuthorities: String?
    /// Directory of the system's authorities, named by hash as `openssl rehash` does. Nil: the one curl was built with.
    package var systemAuthorities: String?
    /// How long it is remembered where a redirect leads, at most; zero: not at all.
    package var redirectTimeToLive: Duration = .seconds(600)
    /// Failures in a row (no connection, no answer, 5xx) after which a host is left alone for a while; 0: never.
    package var failuresToOpenCircuit = 16
    /// Bytes per second from all origins together; nil: no limit.
    package var bandwidth: Int64?
    /// Bytes per second of what no client waits for, completion and prefetch; nil: no limit.
    package var backgroundBandwidth: Int64?
    /// Which addresses may be dialled.
    package var addressGuard = AddressGuard()
    /// Sent unless the request's headers name one.
    package var userAgent = "seed-peer"

    package init() {}
}

extension OriginConfiguration {
    /// What of it holds for every transfer.
    var settings: TransferSettings {
        var settings = TransferSettings()
        settings.connectTimeout = connectTimeout
        settings.pool = pool
        settings.nameLookups = nameLookups
        settings.headLimit = headLimit
        settings.proxy = proxy
        settings.certificateAuthorities = certificateAuthorities
        settings.systemAuthorities = systemAuthorities
        settings.dialPolicy = addressGuard
        return settings
    }

    /// Whether a proxy reads the head of a request to that URL, and not only holds a tunnel open.
    func isThroughPlainProxy(_ url: TransferURL) -> Bool { proxy != nil && url.scheme == "http" }

    /// Why the URL's host must not be asked: an address that may not be dialled. A connection of the pool isn't dialled
    /// again, and a proxy dials for us, so this is judged here as well.
    func refusal(of url: TransferURL) -> OriginError? {
        guard let address = IPAddress(url.host), let port = Int(url.port) else { return nil }
        return addressGuard.error(for: address, port: port)
    }
}
