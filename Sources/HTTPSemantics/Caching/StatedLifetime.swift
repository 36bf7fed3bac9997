/// How long a response may be served without asking its origin again, as the origin says (RFC 9111 §4.2.1).
package enum StatedLifetime: Equatable, Sendable {
    /// From when the origin made the response.
    case seconds(Int64)
    /// Up to this second since 1970.
    case until(second: Int64)
}

extension HTTPFields {
    /// What the origin says; nil if it says nothing.
    package func statedLifetime(_ control: CacheControl) -> StatedLifetime? {
        if control.noCache { return .seconds(0) }
        if let seconds = control.sharedMaxAge ?? control.maxAge { return .seconds(seconds) }
        // An invalid date lies in the past (RFC 9111 §5.3).
        return self[content: .expires].map { .until(second: HTTPDate.seconds($0) ?? 0) }
    }

    /// How long the response spent in other caches, in seconds (RFC 9111 §5.1).
    package var ageInSeconds: Int64 {
        self[content: .age].flatMap { Int64(digits: $0.octets, atMost: CacheControl.longest) } ?? 0
    }
}
