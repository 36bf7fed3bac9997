/// What became of one read.
package struct ReadRecord: Sendable, Hashable {
    package enum Outcome: Sendable, Hashable {
        /// Every byte was held, as `Cache-Status` tells.
        case hit
        /// Bytes were fetched for it.
        case miss
        /// The reader got an error.
        case failed
    }

    /// Seconds after the run's beginning, at the last byte.
    package let time: Double
    /// Asked for.
    package let bytes: Int
    package let outcome: Outcome
    /// Which seed peer sent the response; nil for a failed one.
    package let seedPeer: String?
    /// Seconds from the request to the first byte of the body.
    package let firstByte: Double
    /// Seconds from the request to the last byte.
    package let lastByte: Double

    package init(
        time: Double, bytes: Int, outcome: Outcome, seedPeer: String?, firstByte: Double = 0, lastByte: Double = 0
    ) {
        self.time = time
        self.bytes = bytes
        self.outcome = outcome
        self.seedPeer = seedPeer
        self.firstByte = firstByte
        self.lastByte = lastByte
    }
}
