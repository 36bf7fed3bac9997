/// Which failures are worth a retry. The engine does the retrying.
package enum RetryRule {
    /// Whether a response with this status says "later" rather than "no".
    package static func isRetryable(status: Int) -> Bool {
        switch status {
        case 408, 429: true
        case 501, 505: false  // a missing capability: retrying doesn't help
        case 500..<600: true
        default: false
        }
    }

    /// Whether a response with this status says "no" to the way in which it was asked: another client's request may
    /// fare better.
    package static func isRefusal(status: Int) -> Bool {
        400..<500 ~= status && !isRetryable(status: status)
    }
}
