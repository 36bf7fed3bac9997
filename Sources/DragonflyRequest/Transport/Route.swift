import HTTPSemantics
import HTTPTransfers

/// How a request reaches its destination.
struct Route: Hashable, Sendable {
    /// Where the TCP connection goes.
    let endpoint: Endpoint
    /// Whether `endpoint` is a seed peer, whose certificates may be its own.
    let isPeer: Bool
    /// The `Proxy-Authorization` with which a tunnel is asked for.
    let authorization: HTTPField.Value?

    /// Through a seed peer: `http` in absolute form, `https` through a tunnel.
    init(through peer: Endpoint, authorization: HTTPField.Value? = nil) {
        endpoint = peer
        isPeer = true
        self.authorization = authorization
    }

    /// Straight to the origin.
    init(directlyTo target: RequestTarget) {
        endpoint = target.endpoint
        isPeer = false
        authorization = nil
    }

    /// For messages to people.
    var name: String { isPeer ? endpoint.url : "origin" }

    /// A GET of the target on this way.
    /// - Parameter trust: in the certificates of seed peers.
    /// - Throws: `badURL` when the host can't be dialled.
    func transferRequest(
        for target: RequestTarget, _ fields: HTTPFields, trustingPeers trust: TransferRequest.Trust
    ) throws(TransportError) -> TransferRequest {
        let isTunnelled = isPeer && target.isSecure
        let server = isTunnelled ? target.endpoint : endpoint
        let url = try TransferURL(dialling: "\(target.isSecure ? "https" : "http")://\(server.authority)")
        let written = isPeer && !target.isSecure ? target.absoluteForm : target.originForm
        var request = TransferRequest(
            url, target: Array(written.utf8), fields: [.host: target.authority] + fields)
        // A 408 is a response like 503, and the retry policy decides about it.
        request.repeatsAfter408 = false
        if isTunnelled {
            request.proxy = endpoint.url
            request.proxyFields[content: .proxyAuthorization] = authorization
            request.trust = trust
        }
        return request
    }
}

extension TransferURL {
    /// - Throws: `badURL`.
    init(dialling text: String) throws(TransportError) {
        do { try self.init(text) } catch { throw TransportError(error) }
    }
}
