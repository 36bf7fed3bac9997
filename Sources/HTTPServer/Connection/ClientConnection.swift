package import EventLoops
package import SeedSupport

/// One client connection: reads requests, has them answered one after another, and closes. Confined to its event loop.
///
/// `ConnectionMachine`, `RequestReader`, `ConnectionClock` and `ResponseWriter` decide; this class acts.
package final class ClientConnection {
    package let server: ServerLoop
    package let peer: SocketAddress
    /// The place in the server's list of connections.
    var number: Int
    private let descriptor: Int32
    private var watch: DescriptorWatch?
    private var readsInput = true
    private var waitsForRoom = false
    private(set) var machine = ConnectionMachine()
    private var reader = RequestReader()
    /// What the server counts of the bytes that the reader holds.
    private var heldCount = 0
    private var clock: ConnectionClock
    var writer = ResponseWriter()
    /// Bytes that may be written before others get their turn.
    private var turn = WriteLimits.turn
    /// The queue is full: no more bytes are produced until there is room.
    private var isFull = false
    private var isOutputClosed = false
    /// An event is being handled; its consequences are applied at the end.
    private var isBusy = false
    private var isPostponed = false
    /// `resume` was called while the last bytes left.
    private var isResumed = false
    /// A response was running when the drain began.
    private(set) var countsInDrain = false
    private var waker: Waker?

    /// Numbers the requests of this connection, so that late callbacks can be recognized.
    package private(set) var serial = 0
    /// Answers the current request if that takes longer than one call. Setting another one ends the first.
    package var responder: (any Responder)?
    /// Of the present request.
    private var isHead = false
    private(set) var minorVersion = 1

    init(_ socket: AcceptedSocket, of server: ServerLoop, number: Int) {
        self.server = server
        self.number = number
        descriptor = socket.descriptor
        peer = socket.peer
        clock = ConnectionClock(now: server.eventLoop.now)
    }

    package var eventLoop: EventLoop { server.eventLoop }

    func start() {
        // The watch holds the connection until it is cancelled.
        watch = eventLoop.watch(descriptor, .read) { [self] in isReady($0) }
    }

    // MARK: What happens

    private func isReady(_ readiness: Readiness) {
        handle {
            if readiness.rawValue & Readiness.read.rawValue != 0 { readable() } else { finish() }
        }
    }

    /// A wake-up from another thread, or from the responder's own sources on this loop.
    func woken() {
        handle {
            responder?.woken()
            finish()
        }
    }

    /// An awaited event may have happened. For sources on this loop that are not this connection's.
    package func resume() {
        isResumed = true
        guard !isBusy, !isPostponed, machine.phase != .closed else { return }
        isPostponed = true
        eventLoop.later { [self] in
            isPostponed = false
            handle { finish() }
        }
    }

    func tick(_ now: MonotonicTime) {
        guard readsInput || Socket.peerState(descriptor) != .gone else { return close(isReset: false) }
        let isServing = machine.isServing
        let wantsBody = isServing && !machine.isRequestRead && takesBody
        // Only acknowledged bytes count as taken by the client. Bytes in the kernel may wait for long, and closing now
        // would cut the last response.
        let isSending = machine.phase == .lingering || !writer.isEmpty
        let inKernel = isSending ? Socket.unacknowledged(descriptor) : 0
        let judgement = clock.judge(
            now, queued: writer.queued + inKernel, taken: writer.taken &- inKernel, phase: machine.phase,
            wantsBody: wantsBody, limits: server.configuration.timeouts)
        if judgement == .fine, responder == nil { return }
        handle {
            act(on: judgement, now)
            finish()
        }
    }

    private func act(on judgement: ConnectionClock.Judgement, _ now: MonotonicTime) {
        switch judgement {
        case .fine: responder?.tick(now, isClientSlow: writer.queued > 0)
        case .leave: perform(machine.leave())
        case .refuseHead: refuse(.slowHead)
        case .refuseBody: fail(.slowRequest)
        case .abort: abort()
        case .close: close(isReset: false)
        }
    }

    func drain() {
        handle {
            // A request that has come already is served.
            if machine.phase == .idle { readable() }
            countsInDrain = countsInDrain || isResponding
            perform(machine.drain())
            finish()
        }
    }

    /// Bytes of a response are still to be sent.
    private var isResponding: Bool { machine.isServing || !writer.isEmpty }

    /// The drain deadline has passed. Bytes already in the kernel still reach the client.
    func cut() {
        if machine.phase == .lingering, writer.isEmpty { close(isReset: false) } else { abort() }
    }

    /// Each turn of the connection begins here. `body` ends with `finish` unless the connection's input is lent.
    private func handle(_ body: () -> Void) {
        guard !isBusy, machine.phase != .closed else { return }
        isBusy = true
        turn = WriteLimits.turn
        body()
        isBusy = false
        countHeld()
    }

    private func countHeld() {
        let count = reader.heldCount
        guard count != heldCount else { return }
        server.limits.holds(count - heldCount)
        heldCount = count
    }

    /// Makes as much progress as possible now: reads requests, sends what is queued.
    private func finish() {
        repeat {
            takeParts()
            isResumed = false
            flush()
        } while makeRoom() || isResumed && machine.phase != .closed
        updateInterest()
    }
}

// MARK: Reading

extension ClientConnection {
    /// Bytes read ahead while no part is wanted: enough to notice that the client sent more, or left. Also each
    /// connection's limit while the total is too high.
    private static let keptUnread = 4_096

    private func readable() {
        let isWanted = wantsInput
        guard isWanted || reader.heldCount < Self.keptUnread else {
            return changeInterest(reads: false, writes: waitsForRoom)
        }
        var room = eventLoop.receiveBuffer
        if !isWanted || server.limits.isInputFull {
            room = UnsafeMutableRawBufferPointer(rebasing: room[..<Self.keptUnread])
        }
        do throws(Errno) {
            let count = try Socket.receive(descriptor, into: room)
            count > 0 ? received(UnsafeRawBufferPointer(rebasing: room[..<count])) : inputEnded()
        } catch {
            if error == .again { finish() } else { close(isReset: false) }
        }
    }

    private func received(_ bytes: UnsafeRawBufferPointer) {
        // What still comes behind the last response is thrown away.
        if machine.phase != .lingering { reader.lend(bytes) }
        finish()
        reader.keep()
    }

    private func inputEnded() {
        changeInterest(reads: false, writes: waitsForRoom)
        perform(machine.inputClosed())
        finish()
    }

    /// Whether to read now. Otherwise input stays in the kernel, which slows the client down.
    private var wantsInput: Bool {
        switch machine.phase {
        case .idle: !isFull
        case .serving: machine.isRequestRead ? looksForNextRequest : takesBody
        case .lingering: true
        case .closed: false
        }
    }

    /// While draining, so that a request after the current one is noticed, and refused instead of dropped.
    private var looksForNextRequest: Bool { machine.isDraining && !reader.holdsPartialHead }

    private var takesBody: Bool { responder?.takesBody ?? true }

    /// A loop, not a recursion: one read can bring thousands of small requests.
    private func takeParts() {
        while takePart() {}
    }

    private func takePart() -> Bool {
        switch machine.phase {
        case .idle:
            guard !isFull else { return false }
            guard let part = reader.next(&server.headMemory) else {
                waitForHead()
                return false
            }
            begin(part)
        case .serving:
            guard !machine.isRequestRead, takesBody else { return false }
            guard let part = reader.next(&server.headMemory) else {
                if machine.isInputClosed { fail(.brokenBody) }
                return false
            }
            clock.bodyMoved(eventLoop.now)
            take(part)
        case .lingering, .closed:
            return false
        }
        return true
    }

    private func waitForHead() {
        if reader.holdsPartialHead {
            if reader.heldCount > Self.keptUnread, server.limits.isInputFull { return refuse(.inputFull) }
            // Bytes came, but no whole head: the rest must come soon.
            clock.headBegan(eventLoop.now)
        }
        if machine.isInputClosed || machine.isDraining { perform(machine.leave()) }
    }

    private func begin(_ part: consuming RequestPart) {
        switch consume part {
        case .head(let head):
            startRequest(isHead: head.method == .head, minorVersion: head.minorVersion)
            machine.begin(isPersistent: head.isPersistent, hasBody: head.hasBody)
            // The connection may have been idle for long: the time for the body begins now.
            if head.hasBody { clock.restart(eventLoop.now) }
            if !head.isProbe { server.counters.requests.add() }
            server.application.respond(to: head, on: self)
        case .malformed(let error): refuse(error)
        case .body, .end: break  // the end of the request that was answered last
        }
    }

    private func startRequest(isHead: Bool, minorVersion: Int) {
        serial += 1
        (self.isHead, self.minorVersion) = (isHead, minorVersion)
        writer.reset()
    }

    /// Input that is not a valid request gets a response, and the connection ends.
    private func refuse(_ error: RequestError) {
        startRequest(isHead: false, minorVersion: 1)
        machine.begin(isPersistent: false, hasBody: false)
        server.application.refuse(error, on: self)
    }

    private func take(_ part: RequestPart) {
        switch part {
        case .body(let bytes): responder?.bodyCame(bytes)
        case .end:
            // The request counts as read before the responder is told, so that it may keep the connection.
            let next = machine.requestRead()
            responder?.bodyEnded()
            perform(next)
        case .malformed(let error): fail(error)
        case .head: preconditionFailure("a head follows only on the end of the request before")
        }
    }
}

// MARK: Writing

extension ClientConnection {
    private func flush() {
        if !writer.isEmpty {
            do throws(Errno) {
                try writer.flush(to: descriptor, turn: &turn)
            } catch {
                // The rest can't be sent, so the client must not mistake an orderly close for a complete response
                // (rule:abort-is-reset).
                return error.isPeerGone ? close(isReset: false) : abort()
            }
            if turn <= 0 || writer.queued >= WriteLimits.full { isFull = true }
        }
        if writer.isEmpty, machine.phase == .lingering, !isOutputClosed { closeOutput() }
    }

    private func closeOutput() {
        isOutputClosed = true
        Socket.shutdownWrite(descriptor)
        perform(machine.outputClosed())
    }

    /// - Returns: whether there is room where there was none, so that more may be made.
    private func makeRoom() -> Bool {
        guard isFull, turn > 0, writer.queued <= WriteLimits.room, machine.phase != .closed else { return false }
        isFull = false
        responder?.mayWrite()
        return true
    }

    /// Read interest is dropped only when unwanted bytes arrive (`readable`): changing it is a system call.
    private func updateInterest() {
        let writes = isFull || !writer.isEmpty
        let reads = readsInput || !machine.isInputClosed && wantsInput
        if reads != readsInput || writes != waitsForRoom { changeInterest(reads: reads, writes: writes) }
    }

    private func changeInterest(reads: Bool, writes: Bool) {
        (readsInput, waitsForRoom) = (reads, writes)
        watch?.interest = reads ? (writes ? [.read, .write] : .read) : (writes ? .write : [])
    }
}

// MARK: The response

extension ClientConnection {
    /// A request waits for its response.
    package var isServing: Bool { machine.isServing }
    /// The whole request came.
    package var isRequestRead: Bool { machine.isRequestRead }
    /// The server is about to stop: it still serves, but new clients should go elsewhere.
    package var isLeaving: Bool { server.isLeaving }
    /// The server is stopping: no request is served after the present one.
    package var isDraining: Bool { machine.isDraining }
    /// The response's head is under way, so no other response can be given.
    package var isHeadSent: Bool { writer.status != 0 }
    /// Of the response that was begun; 0 before.
    package var status: Int { writer.status }
    /// Body bytes of this response that were handed over.
    package var bodyBytes: Int64 { writer.bodyBytes }
    /// If false, send no more until `mayWrite` is called.
    package var isWritable: Bool { !isFull && machine.phase != .closed }

    /// A response's head, with its status line.
    package func head(_ status: Int) -> HeadBytes {
        HeadBytes(beginning: status, in: server.takeHeadBuffer())
    }

    /// Sends an interim response (1xx). HTTP/1.0 has none.
    package func interim(_ head: inout HeadBytes) {
        guard machine.isServing, !isHeadSent, minorVersion > 0 else { return }
        head.endHead()
        writer.interim(head)
        resume()
    }

    /// Begins the response: adds the framing fields, and `Connection` where it differs from the default of the client's
    /// version.
    ///
    /// A status without a body (204, 304) sends none, whatever `body` says.
    ///
    /// If the client is still sending its request, the connection ends with the response: otherwise the rest of the
    /// body would be read as the next request.
    /// - Parameters:
    ///   - date: adds `Date`.
    ///   - keepsConnection: false if this is the last response.
    package func begin(
        _ head: inout HeadBytes, _ body: ResponseBody, date: Bool = true, keepsConnection: Bool = true
    ) {
        guard machine.isServing, !isHeadSent else { return }
        let framing = ResponseFraming(body, status: head.status, isHead: isHead, minorVersion: minorVersion)
        framing.write(to: &head)
        if date { server.appendDate(to: &head) }
        let isPromised = keepsConnection && !framing.endsByClosing && mayFollow && !isLeaving
        if !machine.promise(keepsConnection: isPromised) {
            head.text("Connection: close\r\n")
        } else if minorVersion == 0 {
            head.text("Connection: keep-alive\r\n")
        }
        head.endHead()
        writer.begin(head, framing)
        if writer.queued >= WriteLimits.full { isFull = true }
        resume()
    }

    /// Whether another request may follow: the present one was read, and the client sends more or has sent it already.
    private var mayFollow: Bool {
        machine.isRequestRead && (!machine.isInputClosed || reader.holdsPartialHead)
    }

    /// Queues body bytes. More than the head promised cut the connection.
    package func send(_ bytes: Bytes) {
        send(bytes, lease: nil)
    }

    /// The same for leased bytes in memory or in a file. The lease is released in the middle of a write: its deinit may
    /// call `resume`, but must not write.
    package func send(_ extent: Extent) {
        switch extent {
        case .bytes(let bytes): send(bytes, lease: nil)
        case .leased(let bytes, let lease): send(bytes, lease: lease)
        case .file(let file):
            guard machine.isServing, isHeadSent else { return }
            sent(file.count, isPromised: writer.send(file))
        }
    }

    private func send(_ bytes: Bytes, lease: AnyObject?) {
        guard machine.isServing, isHeadSent else { return }
        sent(bytes.count, isPromised: writer.send(bytes, lease: lease))
    }

    private func sent(_ count: Int, isPromised: Bool) {
        guard isPromised else { return abort() }
        if !writer.isDropped { server.counters.bytesSent.add(Int64(count)) }
        if writer.queued >= WriteLimits.full { isFull = true }
        resume()
    }

    /// The response's last byte was sent. Fewer than the head promised cut the connection.
    package func end() {
        guard machine.isServing, isHeadSent else { return }
        guard writer.end() else { return abort() }
        endRequest(isAborted: false)
        perform(machine.responseEnded(keepsConnection: true))
        resume()
    }

    /// A whole response. After another one's head it cuts the connection (rule:abort-is-reset).
    package func respond(_ head: inout HeadBytes, _ body: Bytes, keepsConnection: Bool = true) {
        guard machine.isServing else { return }
        guard !isHeadSent else { return abort() }
        begin(&head, .length(Int64(body.count)), keepsConnection: keepsConnection)
        send(body)
        end()
    }

    /// Answers with an error if nothing was sent yet, else cuts the connection (rule:abort-is-reset).
    package func fail(_ error: RequestError) {
        guard machine.isServing else { return }
        isHeadSent ? abort() : server.application.refuse(error, on: self)
    }
}

// MARK: Other threads

extension ClientConnection {
    /// Wakes the responder on its loop, later. From any thread, any number of times.
    package var wakeUp: @Sendable () -> Void {
        let waker = waker ?? Waker(self, server.wakeUps)
        if machine.phase != .closed { self.waker = waker } else { waker.detach() }
        return { waker.wake() }
    }

    /// - Parameter body: called on the loop, unless the present request is over by then.
    /// - Returns: for one call, from any thread.
    package func callback<Value: Sendable>(_ body: @escaping (Value) -> Void) -> @Sendable (Value) -> Void {
        let (serial, loop) = (serial, eventLoop)
        let once = LoopBound(
            Once<Value> { [self] value in
                guard machine.isServing, self.serial == serial else { return }
                handle {
                    body(value)
                    finish()
                }
            }, on: loop)
        return { value in loop.post { once.value.call(value) } }
    }

    /// Releases its closure on the loop.
    private final class Once<Value> {
        private var body: ((Value) -> Void)?

        init(_ body: @escaping (Value) -> Void) {
            self.body = body
        }

        func call(_ value: Value) {
            body.take()?(value)
        }
    }
}

// MARK: Ending

extension ClientConnection {
    /// Resets the connection, so that the client cannot mistake a partial response for a complete one.
    package func abort() {
        if machine.isServing || !writer.isEmpty || Socket.unacknowledged(descriptor) > 0 {
            server.counters.aborted.add()
        }
        close(isReset: true)
    }

    private func perform(_ next: ConnectionMachine.Next) {
        switch next {
        case .nothing: break
        case .takeNextRequest: clock.restart(eventLoop.now)
        case .linger:
            clock.restart(eventLoop.now)
            reader = RequestReader()
        case .close: close(isReset: false)
        }
    }

    /// - Parameter isReset: without the usual end of a TCP connection.
    private func close(isReset: Bool) {
        guard let watch else { return }
        let isBroken = isResponding
        machine.closed()
        watch.cancel()
        self.watch = nil
        isReset ? Socket.reset(descriptor) : Socket.close(descriptor)
        // Before the writer forgets what was sent of the response.
        endRequest(isAborted: true)
        writer.clear()
        reader = RequestReader()
        countHeld()
        waker?.detach()
        waker = nil
        server.forget(self, isBroken: isBroken)
    }

    private func endRequest(isAborted: Bool) {
        responder.take()?.ended(isAborted: isAborted)
    }
}
