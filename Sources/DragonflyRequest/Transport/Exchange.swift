import NIOCore
import NIOHTTP1
import Synchronization

/// One request and its answer, between the event loop that receives it and the task that reads it.
///
/// The loop stops reading from the socket when ``highWatermark`` bytes wait for the reader, and goes on when they are
/// taken; so a slow reader holds the sender back, and memory stays bounded.
///
/// For a reader that wants all bytes in memory, the loop gathers a body up to ``longestGathered`` while its bytes are
/// still in the processor's cache, and wakes the reader once, at the end: waking costs more than copying.
final class Exchange: Sendable {
    /// What the connection's handler needs to begin.
    struct Start: Sendable {
        let exchange: Exchange
        let head: HTTPRequestHead
        /// From the write to the last byte of the body.
        let timeout: TimeAmount
        /// Whether the connection served others before, so that its end may cross the request on the way.
        let isReused: Bool
    }

    static let highWatermark = 1 << 20
    static let longestGathered = 4 << 20

    fileprivate enum End {
        case complete
        case failed(TransportError)
    }

    fileprivate enum Waiter {
        case head(CheckedContinuation<Result<HTTPResponseHead, TransportError>, Never>)
        /// For so many bytes or the end.
        case body(Int, CheckedContinuation<Result<[ByteBuffer], TransportError>, Never>)
    }

    fileprivate struct State {
        var head: HTTPResponseHead?
        /// The body so far, if it is gathered.
        var gathered: [UInt8]?
        var chunks: [ByteBuffer] = []
        var waiting = 0
        var isPaused = false
        var end: End?
        var waiter: Waiter?
    }

    private let channel: any Channel
    private let gathers: Bool
    private let state = Mutex(State())

    /// - Parameter gathers: whether the reader wants all bytes in memory.
    init(on channel: any Channel, gathers: Bool = false) {
        self.channel = channel
        self.gathers = gathers
    }

    func start(_ head: HTTPRequestHead, timeout: TimeAmount, isReused: Bool) {
        channel.writeAndFlush(
            Start(exchange: self, head: head, timeout: timeout, isReused: isReused)
        ).whenFailure { [self] error in
            fail(isReused ? .stale : TransportError(channelError: error))
        }
    }
}

/// For the task that made the request. One call at a time.
extension Exchange {
    /// The head, as soon as it is there; if the body is gathered, when that has ended, well or not.
    func head() async throws(TransportError) -> HTTPResponseHead {
        try await cancelling {
            await withCheckedContinuation { continuation in
                let known = state.withLock { state in
                    let known = state.knownHead
                    if known == nil { state.waiter = .head(continuation) }
                    return known
                }
                if let known { continuation.resume(returning: known) }
            }
        }.get()
    }

    /// What was gathered; `next` gives what comes after it.
    func takeGathered() -> [UInt8] {
        state.withLock { $0.takeGathered() }
    }

    /// All bytes that have come, as soon as they are `count` or the body ends; nothing after the last.
    func next(waitingFor count: Int) async throws(TransportError) -> [ByteBuffer] {
        try await cancelling {
            await withCheckedContinuation { continuation in
                let (known, wasPaused) = state.withLock { state in
                    let wasPaused = state.isPaused
                    let known = state.take(min(count, Exchange.highWatermark))
                    if known == nil { state.waiter = .body(count, continuation) }
                    return (known, wasPaused)
                }
                if wasPaused { channel.read() }
                if let known { continuation.resume(returning: known) }
            }
        }.get()
    }

    /// Ends the request and its connection, unless the answer is complete.
    func cancel() {
        guard fail(.cancelled) else { return }
        channel.close(promise: nil)
    }

    func cancel(after time: TimeAmount) -> Scheduled<Void> {
        channel.eventLoop.scheduleTask(in: time) { self.cancel() }
    }

    private func cancelling<Value>(_ body: () async -> Value) async -> Value {
        await withTaskCancellationHandler(operation: body, onCancel: cancel)
    }
}

/// For the connection's handler, on its event loop.
extension Exchange {
    /// Whether the socket should not be read for now.
    var isPaused: Bool { state.withLock { $0.isPaused } }

    func received(_ head: HTTPResponseHead) {
        let wake = state.withLock { state in
            state.head = head
            if gathers, let length = head.gatheredLength {
                state.gathered = []
                state.gathered?.reserveCapacity(length)
            }
            return state.wake()
        }
        wake?()
    }

    func received(_ chunk: ByteBuffer) {
        let wake = state.withLock { state -> (@Sendable () -> Void)? in
            guard state.gathered == nil else {
                state.gathered?.append(contentsOf: chunk.readableBytesView)
                return nil
            }
            state.chunks.append(chunk)
            state.waiting += chunk.readableBytes
            state.isPaused = state.waiting >= Exchange.highWatermark
            return state.wake()
        }
        wake?()
    }

    func complete() {
        let wake = state.withLock { state -> (@Sendable () -> Void)? in
            guard state.end == nil else { return nil }
            state.end = .complete
            return state.wake()
        }
        wake?()
    }

    /// False when it had ended before.
    @discardableResult
    func fail(_ error: TransportError) -> Bool {
        let (isFirst, wake) = state.withLock { state -> (Bool, (@Sendable () -> Void)?) in
            guard state.end == nil else { return (false, nil) }
            state.end = .failed(error)
            return (true, state.wake())
        }
        wake?()
        return isFirst
    }
}

extension Exchange.State {
    /// What there is for a reader that waits for `count` bytes; nil when it has to wait.
    fileprivate mutating func take(_ count: Int) -> Result<[ByteBuffer], TransportError>? {
        let bytes = takeGathered()
        if !bytes.isEmpty { return .success([ByteBuffer(bytes: bytes)]) }
        if waiting >= count || (end != nil && waiting > 0) {
            defer { (chunks, waiting, isPaused) = ([], 0, false) }
            return .success(chunks)
        }
        return switch end {
        case .complete: .success([])
        case .failed(let error): .failure(error)
        case nil: nil
        }
    }

    /// Nil when its reader has to wait.
    fileprivate var knownHead: Result<HTTPResponseHead, TransportError>? {
        if let head, gathered == nil || end != nil { return .success(head) }
        if case .failed(let error) = end { return .failure(error) }
        return nil
    }

    /// The loop appends no more once the reader knows the head.
    fileprivate mutating func takeGathered() -> [UInt8] {
        gathered.take() ?? []
    }

    /// What resumes the waiter, to be called outside the lock; nil when it has to wait on.
    fileprivate mutating func wake() -> (@Sendable () -> Void)? {
        switch waiter {
        case .head(let continuation):
            guard let head = knownHead else { return nil }
            waiter = nil
            return { continuation.resume(returning: head) }
        case .body(let count, let continuation):
            guard let result = take(min(count, Exchange.highWatermark)) else { return nil }
            waiter = nil
            return { continuation.resume(returning: result) }
        case nil:
            return nil
        }
    }
}

extension HTTPResponseHead {
    /// The length of a body that is worth gathering.
    fileprivate var gatheredLength: Int? {
        guard (200...299).contains(status.code), let length = headers.first(name: "content-length").flatMap({ Int($0) })
        else { return nil }
        return (0...Exchange.longestGathered).contains(length) ? length : nil
    }
}
