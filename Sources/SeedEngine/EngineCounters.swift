import Synchronization

/// What the engine counts since its start.
package final class EngineCounters: Sendable {
    /// A number that only grows.
    package struct Counter: ~Copyable, Sendable {
        private let value = Atomic<Int64>(0)

        func add(_ count: Int64) { value.add(count, ordering: .relaxed) }

        package var current: Int { Int(value.load(ordering: .relaxed)) }
    }

    /// Bytes written into content files.
    package let storedBytes = Counter()
    /// Origin requests of all kinds.
    package let originRequests = Counter()
    /// Those that asked whether a generation still counts.
    package let revalidations = Counter()
    /// Pauses after a failure at an origin.
    package let pauses = Counter()
    /// Bytes fetched ahead: completion of touched pieces, and prefetch.
    package let unaskedBytes = Counter()
    /// Those of them that a client was given later. The rest was wasted so far.
    package let unaskedBytesRead = Counter()
    /// Streams that fetched their rest for themselves, for lack of room.
    package let directStreams = Counter()

    /// Objects that had the SHA-256 that names them.
    package let digestMatches = Counter()
    /// Objects that had not, and were dropped.
    package let digestMismatches = Counter()

    func count(_ purpose: FlightState.Purpose) {
        originRequests.add(1)
        if purpose == .revalidation { revalidations.add(1) }
    }
}
