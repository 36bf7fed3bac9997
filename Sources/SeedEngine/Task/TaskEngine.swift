import Dispatch
import DragonflyIdentity
package import SeedOrigin
package import SeedStorage
package import SeedSupport

/// Joins store and origin: every requested byte is read from the store, or fetched once for all its readers.
package final class TaskEngine: Sendable {
    let context: EngineContext
    let table: TaskTable

    /// - Parameters:
    ///   - metrics: renders what the engine counts.
    ///   - events: is told what is held of each task.
    ///   - now: reads the clocks, from any thread.
    ///   - after: calls once, from a thread of its own, after so long.
    package init(
        store: PieceStore, origin: any OriginSource, configuration: EngineConfiguration = EngineConfiguration(),
        logger: Logger, metrics: MetricsRegistry, events: TaskEvent.Receiver? = nil,
        now: @escaping @Sendable () -> ClockReading = { .now() },
        after: @escaping @Sendable (Duration, @escaping @Sendable () -> Void) -> Void = TaskEngine.timer
    ) {
        context = EngineContext(
            store: store, origin: origin, configuration: configuration, counters: EngineMetrics(registry: metrics),
            memory: configuration.memoryCapacity < BlockGrid.blockLength
                ? nil : MemoryTier(capacity: configuration.memoryCapacity),
            takes: BoundedCount(limit: 2 * store.threads.count), logger: logger, events: events, now: now,
            after: after)
        table = TaskTable(context: context)
        declareGauges(metrics)
        store.attach(self)
    }

    private func declareGauges(_ metrics: MetricsRegistry) {
        metrics.measured("origin_requests", "Origin requests running now.") { [context] in
            Int64(context.flights.current)
        }
        metrics.measured("memory_tier_bytes", "Bytes of hot blocks in memory.") { [context] in
            Int64(context.memory?.usedBytes ?? 0)
        }
    }

    /// Pauses between tries need no precision, and their number is bounded by that of the tasks.
    package static let timer: @Sendable (Duration, @escaping @Sendable () -> Void) -> Void = { pause, body in
        DispatchQueue.global().asyncAfter(deadline: .now() + .nanoseconds(Int(pause.nanoseconds)), execute: body)
    }

    /// Begins a client's stream. Nothing happens before its first `next(limit:)`; `close()` must be called in the end.
    ///
    /// - Parameter wake: Called from any thread, at most once after each `.wait`. It must not call into the engine.
    package func open(_ request: TaskRequest, wake: @escaping @Sendable () -> Void) -> PieceStream {
        PieceStream(request, table: table, context: context, wake: wake)
    }

    /// How many origin requests run now.
    package var flightCount: Int { context.flights.current }

    package var counters: EngineMetrics { context.counters }

    /// Bytes of hot blocks in memory.
    package var memoryBytes: Int { context.memory?.usedBytes ?? 0 }

    /// Ends every flight and hands the records of what they brought to the store. Blocks up to 10 seconds.
    package func shutdown() {
        for task in table.all { task.shutDown() }
        if !context.flights.wait(until: .now() + .seconds(10)) {
            context.logger.warning("Some origin requests did not end in time; what they brought last is fetched again.")
        }
    }
}
