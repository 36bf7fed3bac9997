package import SeedSupport

/// What the engine counts since its start.
package final class EngineMetrics: Sendable {
    /// Bytes written into content files.
    package let storedBytes: Counter
    /// Origin requests of all kinds.
    package let originRequests: Counter
    /// Those that asked whether a generation still counts.
    package let revalidations: Counter
    /// Pauses after a failure at an origin.
    package let pauses: Counter
    /// Bytes fetched ahead: completion of touched pieces, and prefetch.
    package let fetchedAheadBytes: Counter
    /// Those of them that a client was given later. The rest was wasted so far.
    package let fetchedAheadBytesRead: Counter
    /// Streams that fetched their rest for themselves, for lack of space in the store.
    package let directStreams: Counter
    /// Objects that matched the digest that names them.
    package let digestMatches: Counter
    /// Objects that didn't match, and were dropped.
    package let digestMismatches: Counter

    /// - Parameter registry: renders them.
    package init(registry: MetricsRegistry) {
        originRequests = registry.counter("origin_requests_total", "Origin requests begun.")
        revalidations = registry.counter(
            "revalidations_total", "Origin requests that asked whether stored bytes still count.")
        pauses = registry.counter("origin_pauses_total", "Pauses after a failure at an origin.")
        storedBytes = registry.counter("stored_bytes_total", "Bytes written to content files.")
        fetchedAheadBytes = registry.counter("fetched_ahead_bytes_total", "Bytes fetched ahead of requests.")
        fetchedAheadBytesRead = registry.counter(
            "fetched_ahead_read_bytes_total", "Those of them that a client was given later.")
        directStreams = registry.counter(
            "direct_answers_total", "Responses whose rest went past the store, for lack of room.")
        digestMatches = registry.counter("digest_matches_total", "Objects that matched the digest that names them.")
        digestMismatches = registry.counter(
            "digest_mismatches_total", "Objects that had another one, and were dropped.")
    }

    func count(_ purpose: FlightState.Purpose) {
        originRequests.add()
        if purpose == .revalidation { revalidations.add() }
    }
}
