package import SeedSupport

/// Both clocks, read together: the time of one event.
package struct ClockReading: Sendable, Equatable {
    /// For what is stored, shown or compared with dates of others.
    package var wall: Timestamp
    /// For pauses, deadlines and order of use; never set.
    package var monotonic: MonotonicTime

    package init(wall: Timestamp, monotonic: MonotonicTime) {
        self.wall = wall
        self.monotonic = monotonic
    }

    package static func now() -> ClockReading { ClockReading(wall: .now(), monotonic: .now()) }

    package static func + (reading: ClockReading, duration: Duration) -> ClockReading {
        ClockReading(wall: reading.wall + duration, monotonic: reading.monotonic + duration)
    }

    package static func += (reading: inout ClockReading, duration: Duration) {
        reading = reading + duration
    }
}
