/// The request fields that mean something to us, recognised once, while the head is read.
///
/// The order counts: `useP2P` and all cases after it are Dragonfly's own (`isDragonfly`, `FieldIDSet.hasDragonfly`), so
/// others stand before it. A set of them has room for 64.
enum FieldID: UInt8 {
    case other
    case host, connection, contentLength, transferEncoding, expect, maxForwards, via, te, trailer, upgrade, keepAlive
    case proxyConnection, proxyAuthorization, proxyAuthenticate
    case range, ifMatch, ifNoneMatch, ifModifiedSince, ifUnmodifiedSince, ifRange
    case accept, acceptEncoding, authorization, cookie
    case useP2P, registry, tag, application, priority, filteredQueryParams, prefetch, pieceLength, contentForTaskID
    case blobDigest, outputPath, forceHardLink, otherDragonfly

    /// Names are compared without regard to case (RFC 9110 §5.1).
    init(name: UnsafeRawBufferPointer) {
        func named(_ known: StaticString) -> Bool { name.equalsIgnoringCase(known) }
        switch name.count {
        case 2 where named("te"): self = .te
        case 3 where named("via"): self = .via
        case 4 where named("host"): self = .host
        case 5 where named("range"): self = .range
        case 6: self = named("accept") ? .accept : named("cookie") ? .cookie : named("expect") ? .expect : .other
        case 7: self = named("upgrade") ? .upgrade : named("trailer") ? .trailer : .other
        case 8: self = named("if-match") ? .ifMatch : named("if-range") ? .ifRange : .other
        case 10: self = named("connection") ? .connection : named("keep-alive") ? .keepAlive : .other
        case 12 where named("max-forwards"): self = .maxForwards
        case 13: self = named("if-none-match") ? .ifNoneMatch : named("authorization") ? .authorization : .other
        case 14 where named("content-length"): self = .contentLength
        case 15 where named("accept-encoding"): self = .acceptEncoding
        case 16 where named("proxy-connection"): self = .proxyConnection
        case 17 where named("transfer-encoding"): self = .transferEncoding
        case 17 where named("if-modified-since"): self = .ifModifiedSince
        case 18 where named("proxy-authenticate"): self = .proxyAuthenticate
        case 19 where named("if-unmodified-since"): self = .ifUnmodifiedSince
        case 19 where named("proxy-authorization"): self = .proxyAuthorization
        case 25 where named("proxy-authentication-info"): self = .proxyAuthenticate
        default: self = .dragonfly(name)
        }
    }

    private static func dragonfly(_ name: UnsafeRawBufferPointer) -> FieldID {
        guard name.count >= 12, UnsafeRawBufferPointer(rebasing: name[..<12]).equalsIgnoringCase("x-dragonfly-")
        else { return .other }
        let name = UnsafeRawBufferPointer(rebasing: name[12...])
        let known: [(StaticString, FieldID)] = [
            ("use-p2p", .useP2P), ("registry", .registry), ("tag", .tag), ("application", .application),
            ("priority", .priority), ("filtered-query-params", .filteredQueryParams), ("prefetch", .prefetch),
            ("piece-length", .pieceLength), ("content-for-calculating-task-id", .contentForTaskID),
            ("enable-task-id-based-blob-digest", .blobDigest), ("output-path", .outputPath),
            ("force-hard-link", .forceHardLink),
        ]
        return known.first { name.equalsIgnoringCase($0.0) }?.1 ?? .otherDragonfly
    }

    /// Fields that are for this server only and are never sent to an origin.
    var isDragonfly: Bool { rawValue >= FieldID.useP2P.rawValue }

    /// Fields about one connection only, or for one proxy only (RFC 9110 §7.6.1, §11.7).
    var isHopByHop: Bool {
        switch self {
        case .connection, .keepAlive, .proxyConnection, .te, .trailer, .transferEncoding, .upgrade,
            .proxyAuthorization, .proxyAuthenticate:
            true
        default: false
        }
    }

    /// What the engine decides by itself when it asks the origin.
    var isDecidedByEngine: Bool {
        switch self {
        case .host, .range, .ifRange, .ifMatch, .ifNoneMatch, .ifModifiedSince, .ifUnmodifiedSince, .acceptEncoding,
            .contentLength, .expect, .maxForwards:
            true
        default: false
        }
    }
}

/// Which of the known fields a head has.
struct FieldIDSet {
    private var bits: UInt64 = 0

    init(_ ids: FieldID...) {
        for id in ids { insert(id) }
    }

    mutating func insert(_ id: FieldID) { bits |= 1 << UInt64(id.rawValue) }
    mutating func remove(_ id: FieldID) { bits &= ~(1 << UInt64(id.rawValue)) }
    func contains(_ id: FieldID) -> Bool { bits & (1 << UInt64(id.rawValue)) != 0 }
    func isDisjoint(with other: FieldIDSet) -> Bool { bits & other.bits == 0 }

    var hasDragonfly: Bool { bits >> UInt64(FieldID.useP2P.rawValue) != 0 }
}

extension UnsafeRawBufferPointer {
    /// - Parameter known: in lower case, letters, digits and hyphens only; then setting one bit is enough to compare.
    @inline(__always)
    func equalsIgnoringCase(_ known: StaticString) -> Bool {
        guard count == known.utf8CodeUnitCount else { return false }
        for index in 0..<count where self[index] | 0x20 != known.utf8Start[index] { return false }
        return true
    }
}
