/// The classes of fields. Each is listed only here.
extension FieldIDSet {
    /// About one connection only, or for one proxy only (RFC 9110 §7.6.1, §11.7). So are those that `Connection` names.
    package static let hopByHop = FieldIDSet(
        .connection, .keepAlive, .proxyConnection, .te, .trailer, .transferEncoding, .upgrade, .proxyAuthorization,
        .proxyAuthenticate, .proxyAuthenticationInfo)

    /// Where a request goes, and where its body ends.
    package static let requestFraming = FieldIDSet(.host, .contentLength, .transferEncoding, .expect)

    /// Preconditions (RFC 9110 §13.1).
    package static let conditional = FieldIDSet(
        .ifMatch, .ifNoneMatch, .ifModifiedSince, .ifUnmodifiedSince, .ifRange)

    /// Set by us on each request that fills the cache.
    package static let decidedByFetch = requestFraming.union(conditional).union(.range, .acceptEncoding, .maxForwards)

    /// Belongs to one response, not to the object: regenerated or left out when the object is served again.
    package static let ofOneResponse = FieldIDSet(
        .contentLength, .contentRange, .acceptRanges, .date, .age, .setCookie, .setCookie2, .cacheStatus)

    /// Also not stored with an object: about the path or about the host.
    package static let notStored = ofOneResponse.union(.via, .altSvc, .strictTransportSecurity)

    /// Those of a stored response that a 304 repeats (RFC 9110 §15.4.5).
    package static let refreshing = FieldIDSet(
        .cacheControl, .contentLocation, .eTag, .expires, .lastModified, .vary)

    /// Prove a right at the origin. Fields that we don't know may do so too: `FieldID.mayCarryCredential`.
    package static let credential = FieldIDSet(.authorization, .cookie)

    /// May follow a redirect to another origin. A list of what is safe, because anything else (`Authorization`,
    /// `X-Auth-Token`, `X-Amz-Security-Token`, `Referer`…) may prove a right. `Via` is kept, because it detects loops.
    package static let impersonal = FieldIDSet(.accept, .acceptLanguage, .userAgent, .cacheControl, .via)
}

extension HTTPField.Name {
    /// Whether a field with this name may prove a right.
    package var mayCarryCredential: Bool {
        var name = rawName
        return name.withUTF8 { id.mayCarryCredential(named: UnsafeRawBufferPointer($0)) }
    }
}

extension FieldID {
    /// Whether a field with this name may prove a right, so that only its origin can judge a request that has it
    /// (rule:right-to-read).
    /// - Parameter name: its octets.
    package func mayCarryCredential(named name: UnsafeRawBufferPointer) -> Bool {
        FieldIDSet.credential.contains(self) || self == .other && Self.isSecretName(name)
    }

    /// Whether a name that we don't know is like those of fields that hold tokens and keys (`X-Auth-Token`,
    /// `X-JFrog-Art-Api`, `X-Api-Key`…), or in which a proxy in front of us identifies its client (`X-Forwarded-User`,
    /// `Remote-User`, `X-Client-Cert`, `X-Tenant-Id`…).
    ///
    /// Byte by byte: as strings these comparisons cost more than all the rest of a warm request.
    package static func isSecretName(_ name: UnsafeRawBufferPointer) -> Bool {
        for start in name.indices {
            let rest = UnsafeRawBufferPointer(rebasing: name[start...])
            switch rest[0] | 0x20 {
            case UInt8(ascii: "t"): if rest.begins("token") || rest.begins("tenant") { return true }
            case UInt8(ascii: "b"): if rest.begins("behalf") { return true }
            case UInt8(ascii: "d"): if rest.begins("dn"), isWord(name[start..<start + 2], in: name) { return true }
            case UInt8(ascii: "a"):
                if rest.begins("auth") || rest.begins("art-api") || rest.begins("account") || rest.begins("assert")
                    || rest.begins("actor") && beginsWord(start, in: name)
                {
                    return true
                }
            case UInt8(ascii: "k"): if rest.begins("key") { return true }
            case UInt8(ascii: "s"):
                if rest.begins("secret") || rest.begins("session") || rest.begins("saml") || rest.begins("subject")
                    || rest.begins("ssl") && UnsafeRawBufferPointer(rebasing: rest.dropFirst(4)).begins("client")
                {
                    return true
                }
            case UInt8(ascii: "p"): if rest.begins("password") || rest.begins("principal") { return true }
            case UInt8(ascii: "c"):
                if rest.begins("credential") || rest.begins("cert") || rest.begins("claim") || rest.begins("consumer") {
                    return true
                }
            case UInt8(ascii: "u"): if rest.begins("user"), !isBrowsers(name, rest) { return true }
            case UInt8(ascii: "e"): if rest.begins("email") { return true }
            case UInt8(ascii: "g"): if rest.begins("group") { return true }
            case UInt8(ascii: "r"): if rest.begins("role") { return true }
            case UInt8(ascii: "i"): if rest.begins("identi") || rest.begins("imperson") { return true }
            case UInt8(ascii: "j"): if rest.begins("jwt") { return true }
            case UInt8(ascii: "o"):
                if rest.begins("oidc") || rest.begins("org") && beginsWord(start, in: name) { return true }
            case UInt8(ascii: "l"): if rest.begins("login") { return true }
            case UInt8(ascii: "x"):
                if start == 0, rest.begins("x-forwarded-"), !isForwarding(rest.dropFirst(12)) { return true }
            default: break
            }
        }
        return false
    }

    /// `Sec-Fetch-User`, and names that tell the user agent.
    private static func isBrowsers(_ name: UnsafeRawBufferPointer, _ rest: UnsafeRawBufferPointer) -> Bool {
        name.begins("sec-") || rest.begins("user-agent") || rest.begins("useragent")
    }

    /// Whether this `X-Forwarded-…` field describes the path and not a person.
    private static func isForwarding(_ rest: Slice<UnsafeRawBufferPointer>) -> Bool {
        let rest = UnsafeRawBufferPointer(rebasing: rest)
        return forwarding.contains { rest.equalsIgnoringCase($0) }
    }

    private static let forwarding: [StaticString] = [
        "for", "host", "hostname", "server", "proto", "protocol", "scheme", "port", "ssl", "https", "prefix", "path",
        "uri", "url", "method", "by", "ip",
    ]

    /// Whether a field that we don't know concerns one client's request alone. It names another URL, host, method or client
    /// than the request itself does, as proxies in front of a server write them and servers behind them may go by:
    /// `X-Forwarded-Host`, `X-Original-URL`, `X-HTTP-Method-Override`, `X-Real-IP`… Sent for all, it would decide what
    /// everybody gets. Or it tells this request from all others: `X-Request-Id`, `traceparent`…
    package static func concernsOneRequest(_ name: UnsafeRawBufferPointer) -> Bool {
        name.indices.contains { start in
            let rest = UnsafeRawBufferPointer(rebasing: name[start...])
            return ofOneRequest.contains { rest.begins($0) }
                || rest.begins("ip") && isWord(name[start..<start + 2], in: name)
        }
    }

    /// Whether it is a word of its own, with no letter beside it.
    private static func isWord(_ part: Slice<UnsafeRawBufferPointer>, in name: UnsafeRawBufferPointer) -> Bool {
        beginsWord(part.startIndex, in: name) && !isLetter(part.endIndex, of: name)
    }

    private static func beginsWord(_ start: Int, in name: UnsafeRawBufferPointer) -> Bool {
        !isLetter(start - 1, of: name)
    }

    private static func isLetter(_ index: Int, of name: UnsafeRawBufferPointer) -> Bool {
        name.indices.contains(index) && 0x61...0x7a ~= name[index] | 0x20
    }

    private static let ofOneRequest: [StaticString] = [
        "forward", "original", "rewrite", "override", "method", "host", "domain", "scheme", "proto", "port", "prefix",
        "url", "uri", "path", "proxy", "route", "middleware", "addr", "clientip", "realip", "remoteip", "socketip",
        "connecting", "destination", "trace", "request-id", "correlation", "x-b3-", "baggage", "upstream", "backend",
        "target", "base-href", "https", "ssl",
    ]
}
