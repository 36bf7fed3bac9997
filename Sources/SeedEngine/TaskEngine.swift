import Dispatch
import DragonflyIdentity
import Foundation
package import Logging
package import SeedOrigin
package import SeedStorage

/// Joins store and origin: every byte a client wants is read from the store, or fetched once for all who want it.
package final class TaskEngine: Sendable {
    let context: EngineContext
    let table: TaskTable

    package init(
        store: PieceStore, origin: any OriginSource, configuration: EngineConfiguration = EngineConfiguration(),
        logger: Logger, now: @escaping @Sendable () -> Int64 = { WallClock.milliseconds },
        after: @escaping @Sendable (Int64, @escaping @Sendable () -> Void) -> Void = TaskEngine.timer
    ) {
        context = EngineContext(
            store: store, origin: origin, configuration: configuration,
            memory: configuration.memoryCapacity < BlockGrid.blockLength
                ? nil : MemoryTier(capacity: configuration.memoryCapacity),
            takes: BoundedCount(limit: 2 * store.threads.count), logger: logger, now: now, after: after)
        table = TaskTable(context: context)
        store.attach(self)
    }

    /// Pauses between tries need no precision, and their number is bounded by that of the tasks.
    package static let timer: @Sendable (Int64, @escaping @Sendable () -> Void) -> Void = { milliseconds, body in
        DispatchQueue.global().asyncAfter(deadline: .now() + .milliseconds(Int(milliseconds)), execute: body)
    }

    /// Begins a client's stream. Nothing happens before its first `next(limit:)`; `close()` must be called in the end.
    ///
    /// - Parameter wake: Called from any thread, at most once after each `.wait`. It must not call into the engine.
    package func open(_ request: TaskRequest, wake: @escaping @Sendable () -> Void) -> PieceStream {
        let (task, id) = table.beginStream(request)
        return PieceStream(id: id, request: request, task: task, context: context, wake: wake)
    }

    /// How many origin requests run now.
    package var flightCount: Int { context.flights.current }

    package var counters: EngineCounters { context.counters }

    /// Bytes of hot blocks in memory.
    package var memoryBytes: Int { context.memory?.usedBytes ?? 0 }

    /// Ends every flight and hands the records of what they brought to the store. Blocks up to 10 seconds.
    package func shutdown() {
        for task in table.all { task.shutDown() }
        if !context.flights.wait(until: Date(timeIntervalSinceNow: 10)) {
            context.logger.warning("Some origin requests did not end in time; what they brought last is fetched again.")
        }
    }
}
