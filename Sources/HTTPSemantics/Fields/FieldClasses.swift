/// What kinds of fields there are, each listed here and nowhere else.
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

    /// What is decided anew for each request that we make to fill the cache.
    package static let decidedByFetch = requestFraming.union(conditional).union(.range, .acceptEncoding, .maxForwards)

    /// What belongs to one response, not to the object, and is written anew or left out when the object is told again.
    package static let ofOneResponse = FieldIDSet(
        .contentLength, .contentRange, .acceptRanges, .date, .age, .setCookie, .setCookie2, .cacheStatus)

    /// What besides isn't kept with an object: it is about the way or about the host.
    package static let notStored = ofOneResponse.union(.via, .altSvc, .strictTransportSecurity)

    /// Those of a stored response that a 304 repeats (RFC 9110 §15.4.5).
    package static let refreshing = FieldIDSet(
        .cacheControl, .contentLocation, .eTag, .expires, .lastModified, .vary)

    /// Prove a right at the origin. Fields that we don't know may do so too: `FieldID.isSecretName`.
    package static let credential = FieldIDSet(.authorization, .cookie)

    /// May follow a redirect to another origin. A list of what is safe, because anything else (`Authorization`,
    /// `X-Auth-Token`, `X-Amz-Security-Token`, `Referer`…) may prove a right. `Via` goes along, or a way that leads back
    /// to us would not be known as one.
    package static let impersonal = FieldIDSet(.accept, .acceptLanguage, .userAgent, .cacheControl, .via)
}

extension FieldID {
    /// Whether a name that we don't know is like those of fields that hold tokens and keys (`X-Auth-Token`,
    /// `X-JFrog-Art-Api`, `X-Api-Key`…).
    ///
    /// Byte by byte: as strings these comparisons cost more than all the rest of a warm request.
    package static func isSecretName(_ name: UnsafeRawBufferPointer) -> Bool {
        for start in name.indices {
            let rest = UnsafeRawBufferPointer(rebasing: name[start...])
            switch rest[0] | 0x20 {
            case UInt8(ascii: "t"): if rest.begins("token") { return true }
            case UInt8(ascii: "a"): if rest.begins("auth") || rest.begins("art-api") { return true }
            case UInt8(ascii: "k"): if rest.begins("key") { return true }
            case UInt8(ascii: "s"): if rest.begins("secret") || rest.begins("session") { return true }
            case UInt8(ascii: "p"): if rest.begins("password") { return true }
            case UInt8(ascii: "c"): if rest.begins("credential") { return true }
            default: break
            }
        }
        return false
    }
}
