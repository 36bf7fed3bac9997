import HTTPTypes

/// Which failures are worth another try. The engine does the trying.
package enum RetryRule {
    /// Whether an answer with this status says "later" rather than "no".
    package static func isRetryable(status: Int) -> Bool {
        switch status {
        case 408, 429: true
        case 501, 505: false  // what the origin cannot do now it cannot do later
        case 500..<600: true
        default: false
        }
    }

    /// How long the origin asks to wait, in seconds from `now` (seconds since 1970): `Retry-After` as a number or a
    /// date (RFC 9110 §10.2.3). Nil if absent or malformed; a date gone by is 0.
    package static func delay(_ head: OriginHead, now: Int64) -> Int64? {
        guard let field = head[first: .retryAfter] else { return nil }
        // Longer than anybody waits, and short enough to be reckoned with.
        let longest: Int64 = 1 << 31
        return (Int64(digits: field) ?? HTTPDate.seconds(field).map { max(0, $0 - now) }).map { min($0, longest) }
    }
}
