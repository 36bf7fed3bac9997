import DragonflyIdentity
import HTTPSemantics
import SeedOrigin

/// Where requests for the same bytes become one: a flight that brings them already is joined.
extension TaskMachine {
    /// Sees that the start of a missing stretch is being fetched.
    /// - Returns: up to where it is; `nil` when no more flights are allowed now.
    mutating func fetch(
        _ missing: ByteRange, _ generation: Generation, _ priority: OriginPriority, _ output: inout Output
    ) -> Int64? {
        let pending = fills.claims
        if let flight = pending.first(where: { $0.contains(missing.lowerBound) }) {
            fills.overtake(at: missing.lowerBound, priority, &output)
            return flight.upperBound
        }
        guard mayFetch, !generation.isOneResponse else { return nil }
        let isAlone = generation.isSequential || generation.counter == nil
        let running = isAlone ? fills.flights.count : fills.foreground
        guard running < (isAlone ? 1 : configuration.concurrentFlights) else { return nil }
        let next = pending.map(\.lowerBound).filter { $0 > missing.lowerBound }.min() ?? Int64.max
        let span = spanEnd(from: missing.lowerBound, upTo: min(missing.upperBound, next), generation)
        start(.demand, priority, ByteRange(missing.lowerBound, span), generation, &output)
        return span
    }
}
