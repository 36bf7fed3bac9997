/// How long to pause between tries that fail: twice as long each time, up to a limit.
package struct Backoff: Sendable, Equatable {
    package let first: Duration
    package let longest: Duration

    /// - Parameters:
    ///   - first: after the first failure.
    ///   - longest: after many.
    package init(first: Duration, longest: Duration) {
        self.first = first
        self.longest = longest
    }

    /// The pause after `failures` failures in a row, at least 1.
    package func pause(afterFailures failures: Int) -> Duration {
        var (pause, left) = (first, failures)
        while left > 1, pause < longest {
            pause *= 2
            left -= 1
        }
        return min(pause, longest)
    }
}
