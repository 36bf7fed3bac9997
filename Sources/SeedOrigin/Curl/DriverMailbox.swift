import Synchronization

/// What other threads ask of the driver thread.
enum DriverCommand: Sendable {
    case start(UInt64, OriginRequest, any OriginSink)
    case resume(UInt64)
    case raise(UInt64, OriginPriority)
    case cancel(UInt64)
    case shutdown
}

/// Carries commands to the driver thread, in order, and wakes it.
final class DriverMailbox: Sendable {
    private struct State {
        var commands: [DriverCommand] = []
        var isClosed = false
    }

    private let state = Mutex(State())
    private let multi: MultiHandle

    init(waking multi: MultiHandle) {
        self.multi = multi
    }

    /// False if nobody takes commands any more.
    @discardableResult
    func post(_ command: DriverCommand) -> Bool {
        let (isTaken, isFirst) = state.withLock { state in
            guard !state.isClosed else { return (false, false) }
            state.commands.append(command)
            return (true, state.commands.count == 1)
        }
        // One wake-up brings the whole batch.
        if isFirst { multi.wakeup() }
        return isTaken
    }

    /// Everything posted since the last time.
    func takeAll() -> [DriverCommand] {
        state.withLock { state in
            defer { state.commands = [] }
            return state.commands
        }
    }

    /// No command is taken after this; what is left comes back.
    func close() -> [DriverCommand] {
        state.withLock { state in
            state.isClosed = true
            defer { state.commands = [] }
            return state.commands
        }
    }
}
