/// How long a server asks to wait (RFC 9110 §10.2.3).
package enum RetryAfter: Equatable, Sendable {
    case seconds(Int64)
    /// Since 1970.
    case until(second: Int64)

    /// Nil if it is neither a number nor a date.
    package init?(_ octets: some Collection<UInt8>) {
        if let seconds = Int64(digits: octets, atMost: Self.longest) {
            self = .seconds(seconds)
        } else if let second = HTTPDate.seconds(octets) {
            self = .until(second: second)
        } else {
            return nil
        }
    }

    /// Nil if it is neither a number nor a date.
    package init?(_ text: some StringProtocol) {
        self.init(text.utf8)
    }

    /// In seconds from `now` (seconds since 1970), at most 2³¹; 0 for a past date.
    package func delay(now: Int64) -> Int64 {
        switch self {
        case .seconds(let seconds): seconds
        case .until(let second): min(max(0, second - now), Self.longest)
        }
    }

    /// Longer than any client waits, and short enough to avoid overflow.
    private static let longest: Int64 = 1 << 31
}

extension HTTPFields {
    package var retryAfter: RetryAfter? { first(.retryAfter).flatMap { RetryAfter($0.octets) } }
}
