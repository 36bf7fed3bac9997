/// How much of the volume the store may fill, and when it makes room (`gc.policy`).
package struct SpaceLimits: Sendable, Equatable {
    /// `gc.policy.diskThreshold`: most bytes of content; nil leaves it to the volume.
    package var capacity: Int64?
    /// `gc.policy.diskHighThresholdPercent`: above this part of the capacity, or of the volume, pieces are evicted.
    package var highPercent: Int
    /// `gc.policy.diskLowThresholdPercent`: down to this part. Below `highPercent`.
    package var lowPercent: Int
    /// Bytes of the volume that are never filled: room for the index, for deletes and for others. On small volumes a
    /// twentieth of it.
    package var headroom: Int64

    package init(capacity: Int64? = nil, highPercent: Int = 95, lowPercent: Int = 90, headroom: Int64 = 1 << 30) {
        self.capacity = capacity
        self.highPercent = highPercent
        self.lowPercent = lowPercent
        self.headroom = headroom
    }
}
