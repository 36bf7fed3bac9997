import Glibc
import NIOCore
import SeedEngine
import SeedOrigin

/// One client connection: reads requests, has them answered one after another, and closes.
///
/// `ConnectionMachine` and `RequestReader` decide; this class acts.
final class ProxyConnection: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    typealias OutboundOut = IOData

    let loop: LoopContext
    private(set) var context: ChannelHandlerContext?
    private(set) var machine = ConnectionMachine()
    /// What came and nobody has taken yet. Nothing is read while a whole part of a request waits in here.
    private var reader = RequestReader()
    private var isReading = false
    private var isAdvancing = false
    private var clock = ConnectionClock()
    /// The head of an answer that waits for the first bytes to leave with it.
    var headBytes: ByteBuffer?
    var isPumping = false
    /// Counted against the limit of connections per client.
    private(set) var clientAddress: IPAddress?
    /// For the engine and the loop's turns: calls `wake()` on this connection's loop, later.
    private(set) lazy var wakeUp: @Sendable () -> Void = {
        let bound = NIOLoopBound(self, eventLoop: loop.eventLoop)
        return { [mailbox = loop.mailbox] in mailbox.wake(bound) }
    }()

    /// Counts the requests of this connection, so that what comes late for one of them is known as such.
    private(set) var serial = 0
    /// The request being answered, and what answers it.
    var current: CurrentRequest?
    var answer: CachedAnswer?
    var relay: Relay?

    init(loop: LoopContext) {
        self.loop = loop
    }

    // MARK: What the channel tells

    func handlerAdded(context: ChannelHandlerContext) {
        self.context = context
    }

    func channelActive(context: ChannelHandlerContext) {
        clientAddress = context.remoteAddress?.ip
        guard loop.admit(self) else { return reset() }
        clock.restart()
        advance()
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        guard machine.phase != .lingering else { return }
        reader.receive(unwrapInboundIn(data))
        advance()
    }

    func channelReadComplete(context: ChannelHandlerContext) {
        isReading = false
        advance()
    }

    /// Later, not now: SwiftNIO tells this in the middle of its flush, and would go on flushing for as long as bytes are
    /// queued here, whoever else waits for this loop.
    func channelWritabilityChanged(context: ChannelHandlerContext) {
        wakeUp()
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        guard case ChannelEvent.inputClosed? = event as? ChannelEvent else { return }
        perform(machine.inputClosed())
        advance()
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        reset()
    }

    func channelInactive(context: ChannelHandlerContext) {
        machine.closed()
        endRequest(isAborted: true)
        loop.forget(self)
        // It holds this connection, which would never go; and what came behind the last request is for nobody.
        wakeUp = {}
        reader = RequestReader()
        headBytes = nil
        self.context = nil
    }
}

// MARK: Going on

extension ProxyConnection {
    /// Something that was waited for may be there.
    func wake() {
        pump()
        relay?.clientMayTakeMore()
        advance()
    }

    /// Takes what has come as far as it can be taken now, then reads more if somebody wants it.
    ///
    /// A loop, not a recursion: one read can bring thousands of small requests.
    func advance() {
        guard !isAdvancing else { return }
        isAdvancing = true
        while takePart() {}
        isAdvancing = false
        guard !isReading, wantsInput, let context else { return }
        isReading = true
        context.read()
    }

    private var wantsInput: Bool {
        switch machine.phase {
        case .idle: context?.channel.isWritable ?? false
        case .serving: machine.isRequestRead ? looksForNextRequest : takesBody
        case .lingering: true
        case .closed: false
        }
    }

    /// While draining, so that a request behind the present one is known at its end, and refused instead of dropped.
    private var looksForNextRequest: Bool {
        machine.isDraining && !machine.isInputClosed && !reader.holdsPartialHead
    }

    private var takesBody: Bool { relay?.takesBody ?? true }

    private func takePart() -> Bool {
        switch machine.phase {
        case .idle:
            guard context?.channel.isWritable == true else { return false }
            guard let part = reader.next() else {
                // Bytes came, but no whole head: the rest must come soon.
                if reader.holdsPartialHead { clock.headBegan() }
                if machine.isInputClosed || machine.isDraining { perform(machine.leave()) }
                return false
            }
            begin(part)
        case .serving:
            guard !machine.isRequestRead, takesBody, let part = reader.next() else { return false }
            clock.bodyMoved()
            take(part)
        case .lingering, .closed:
            return false
        }
        return true
    }

    private func begin(_ part: RequestPart) {
        switch part {
        case .head(let head):
            serial += 1
            machine.begin(isPersistent: head.isPersistent, hasBody: head.hasBody)
            clock.restart()
            serve(head)
        case .malformed(let refusal):
            machine.begin(isPersistent: false, hasBody: false)
            refuse(refusal, keepsConnection: false)
        case .body, .end: break  // the end of the request that was answered last
        }
    }

    private func take(_ part: RequestPart) {
        switch part {
        case .body(let bytes): relay?.clientSent(bytes)
        case .end:
            relay?.clientEnded()
            perform(machine.requestRead())
        case .malformed(let refusal): fail(refusal, keepsConnection: false)
        case .head: preconditionFailure("a head follows only on the end of the request before")
        }
    }
}

// MARK: Ending

extension ProxyConnection {
    /// The answer's last byte is queued.
    func finishAnswer(keepsConnection: Bool = true) {
        endRequest(isAborted: false)
        perform(machine.answered(keepsConnection: keepsConnection))
        advance()
    }

    /// Answers with an error if nothing was sent yet, else cuts the connection (rule 13).
    func fail(_ refusal: Refusal, keepsConnection: Bool = true) {
        guard machine.isServing else { return }
        if current?.isHeadSent == true { return abort() }
        refuse(refusal, keepsConnection: keepsConnection)
    }

    /// Cuts the connection so that the client cannot take what it has for the whole.
    func abort() {
        if machine.phase == .serving { loop.metrics.aborted.count() }
        reset()
    }

    func drain() {
        perform(machine.drain())
        advance()
    }

    /// - Returns: whether the head that is being written may promise another answer.
    func promise(keepsConnection: Bool) -> Bool {
        machine.promise(keepsConnection: keepsConnection)
    }

    func tick(_ now: NIODeadline) {
        let queued = (try? context?.channel.syncOptions?.getOption(.bufferedWritableBytes)) ?? 0
        let wantsBody = machine.isServing && !machine.isRequestRead && takesBody
        switch clock.judge(now, queued: queued, phase: machine.phase, wantsBody: wantsBody, limits: loop.configuration)
        {
        case .fine: relay?.tick(now, clientIsSlow: queued > 0)
        case .leave: perform(machine.leave())
        case .refuseHead:
            machine.begin(isPersistent: false, hasBody: false)
            refuse(.slowHead, keepsConnection: false)
        case .refuseBody: fail(.slowRequest, keepsConnection: false)
        case .abort: abort()
        }
    }

    private func perform(_ next: ConnectionMachine.Next) {
        guard let context else { return }
        switch next {
        case .nothing: break
        case .takeNextRequest: clock.restart()
        case .linger:
            clock.restart()
            queueHead()
            closeOutput(context)
            advance()
        case .close: context.close(promise: nil)
        }
    }

    /// Closes our side after what is queued. Not before: a channel whose input is closed would close as a whole and
    /// drop the rest.
    private func closeOutput(_ context: ChannelHandlerContext) {
        let promise = context.eventLoop.makePromise(of: Void.self)
        promise.futureResult.assumeIsolated().whenComplete { _ in
            self.context?.close(mode: .output, promise: nil)
            self.perform(self.machine.outputClosed())
        }
        context.writeAndFlush(wrapOutboundOut(.byteBuffer(ByteBuffer())), promise: promise)
    }

    /// Closes without the usual end of a TCP connection: the client sees a reset.
    private func reset() {
        machine.closed()
        headBytes = nil
        endRequest(isAborted: true)
        guard let context else { return }
        if let options = context.channel as? any SocketOptionProvider {
            _ = options.setSoLinger(linger(l_onoff: 1, l_linger: 0))
        }
        context.close(promise: nil)
    }

    private func endRequest(isAborted: Bool) {
        answer?.stream.close()
        answer = nil
        relay?.cancel()
        relay = nil
        current?.log(to: loop, isAborted: isAborted)
        current = nil
    }
}
