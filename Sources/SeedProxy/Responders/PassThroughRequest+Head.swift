import HTTPSemantics
import HTTPServer
import HTTPTransfers
import SeedOrigin
import SeedSupport

extension RequestHead {
    /// The request as the origin sees it: the client's request line and fields, without hop-by-hop fields and those for
    /// this server, plus our `Via`.
    /// - Parameter asksOneByte: by GET instead of by HEAD, without a body.
    func forOrigin(_ url: OriginURL, via name: String, asksOneByte: Bool) -> PassThroughRequest {
        let method = asksOneByte ? .get : self.methodForOrigin
        return PassThroughRequest(
            isTLS: url.isTLS, host: url.host, port: url.port, method: method,
            target: Array(url.originForm(for: method).utf8), absoluteTarget: Array(url.absoluteForm(for: method).utf8),
            fields: fieldsForOrigin(url, via: name, asksOneByte: asksOneByte),
            body: asksOneByte ? .none : bodyForOrigin)
    }

    private var methodForOrigin: HTTPMethod {
        // The parser accepts only tokens.
        bytes.withUnsafeBytes { HTTPMethod(octets: methodSpan.bytes(of: $0)) } ?? .get
    }

    private var bodyForOrigin: PassThroughRequest.Framing {
        switch framing {
        case .none: .none
        case .length(let count): .length(count)
        case .chunked: .chunked
        }
    }

    private func fieldsForOrigin(_ url: OriginURL, via name: String, asksOneByte: Bool) -> HTTPFields {
        var copied = HTTPFields()
        copied.reserveCapacity(fields.count + 4)
        copied.append(HTTPField(name: .host, value: url.authority))
        if asksOneByte { copied.append(HTTPField(name: .range, value: "bytes=0-0")) }
        bytes.withUnsafeBytes { base in
            for field in fields where isEndToEnd(field, in: base) && !isRewritten(field) {
                if asksOneByte, field.id == .range { continue }
                copied.append(field.copied(from: base))
            }
        }
        if let hops = forwardsLeft { copied.append(HTTPField(name: .maxForwards, value: "\(hops)")) }
        copied.append(HTTPField(name: .via, value: "1.\(minorVersion) \(name)"))
        return copied
    }

    /// Fields that we rewrite. HTTP/1.0 has no expectations (RFC 9110 §10.1.1).
    private func isRewritten(_ field: Field) -> Bool {
        switch field.id {
        case .host, .contentLength: true
        case .expect: minorVersion == 0
        case .maxForwards: forwardsLeft != nil
        default: false
        }
    }

    /// RFC 9110 §7.6.2: counted down by every proxy, for these two methods.
    private var forwardsLeft: Int? {
        guard method == .options || method == .trace else { return nil }
        guard let value = text(of: .maxForwards), value.utf8.allSatisfy(\.isDigit) else { return nil }
        return Int(value).map { max(0, $0 - 1) }
    }
}
