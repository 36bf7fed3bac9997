import SeedStorage
import SeedSupport

/// The engine's limits. All lengths are bytes.
package struct EngineConfiguration: Sendable, Equatable {
    /// Most flights of one task at a time for demanded bytes (`download.concurrentPieceCount`).
    package var concurrentFlights = 8
    /// Longest span: one origin request.
    package var spanLength: Int64 = 8 << 20
    /// How far ahead of a client that wants more than a span is fetched at first; it doubles while the client keeps up.
    /// A thousand slow readers would fetch 8 GiB at once with a whole span each.
    package var firstWindow: Int64 = 1 << 20
    /// Consecutive failures, without a block of progress, before the readers get the error (`backend.maxRetries`).
    package var maxRetries = 1
    /// How long readers wait without progress; also the longest `Retry-After` that is honoured.
    package var retryDeadline = Duration.seconds(60)
    /// How long stale bytes are served before an unresponsive origin is asked again.
    package var staleGrace = Duration.seconds(10)
    /// Nothing is fetched: what is not held is refused (`proxy.disableBackToSource`).
    package var isBackToSourceDisabled = false
    /// Estimated memory of all idle tasks kept in memory, in bytes.
    package var idleTaskMemory = 64 << 20
    /// Most tasks held in memory; each keeps one descriptor open.
    package var residentTasks = 8192
    /// Memory for hot blocks (`storage.cacheCapacity`); nil takes a sixteenth of the memory there is, less than a block
    /// means none.
    package var cacheCapacity: Int64?
    /// Longer objects are relayed and not stored (`storage.taskSizeLimit`); nil stores all.
    package var taskSizeLimit: Int64?
    /// Bytes received but not yet written, per flight. Beyond it the transfer pauses (rule:flight-flow-control).
    package var receiveQueueLength = 1 << 20

    package init() {}

    /// The same, with the share worked out.
    var memoryCapacity: Int { Int(cacheCapacity ?? MemoryLimit.bytes / 16) }
}
