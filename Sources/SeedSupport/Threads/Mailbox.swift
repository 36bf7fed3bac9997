/// Messages from any thread to one receiver, with at most one wake-up under way however many come
/// (rule:coalesced-wake-ups).
///
/// A value without I/O behind a lock: the sender wakes the receiver when told to.
package struct Mailbox<Message: Sendable>: Sendable {
    private struct State {
        var messages: [Message] = []
        var isWoken = false
        var isClosed = false
    }

    package enum Posted: Sendable, Equatable {
        /// The receiver is about to look.
        case queued
        /// The sender must wake the receiver.
        case mustWake
        /// The receiver is closed; the message was dropped.
        case refused
    }

    private let state = Lock(State())

    package init() {}

    package func post(_ message: Message) -> Posted {
        state.withLock { state in
            guard !state.isClosed else { return .refused }
            state.messages.append(message)
            defer { state.isWoken = true }
            return state.isWoken ? .queued : .mustWake
        }
    }

    /// All messages in the order they came. What comes from now on asks for another wake-up.
    package func takeAll() -> [Message] {
        state.withLock { state in
            defer {
                state.messages = []
                state.isWoken = false
            }
            return state.messages
        }
    }

    /// Refuses further messages.
    /// - Returns: those that were not taken.
    package func close() -> [Message] {
        state.withLock { state in
            defer { state.messages = [] }
            state.isClosed = true
            return state.messages
        }
    }
}
