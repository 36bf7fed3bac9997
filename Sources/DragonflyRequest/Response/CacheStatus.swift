import HTTPSemantics

/// What the nearest cache says it did, in `Cache-Status` (RFC 9211).
public enum CacheStatus: Hashable, Sendable {
    /// All bytes were held.
    case hit
    /// Bytes had to be fetched from the origin.
    case miss
    /// The request went straight through.
    case bypass

    /// Nil when it says neither whether it is a hit nor why the request went further.
    init?(_ status: HTTPSemantics.CacheStatus) {
        if status.isHit {
            self = .hit
        } else if let forward = status.forward {
            self = forward == "bypass" ? .bypass : .miss
        } else {
            return nil
        }
    }
}
