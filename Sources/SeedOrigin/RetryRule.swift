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

    /// Whether an answer with this status says "no" to the way in which it was asked: another client's request may fare
    /// better.
    package static func isRefusal(status: Int) -> Bool {
        400..<500 ~= status && !isRetryable(status: status)
    }
}
