/// The life of one client connection: which requests may be read, and what follows a response. Pure logic, no I/O.
struct ConnectionMachine: Equatable {
    enum Phase: Equatable {
        /// Between requests.
        case idle
        /// One request is being read and answered. The next ones wait.
        case serving
        /// The last response is out and our side is closed. Further input is discarded, so that the kernel doesn't send
        /// a reset that overtakes our response (RFC 9112 §9.6).
        case lingering
        case closed
    }

    /// What to do when something ended.
    enum Next: Equatable {
        case nothing
        case takeNextRequest
        /// Close our side once everything is sent, and discard what comes.
        case linger
        case close
    }

    private(set) var phase = Phase.idle
    private(set) var isRequestRead = false
    private(set) var isInputClosed = false
    private var isOutputClosed = false
    private var isResponseEnded = false
    private var isPersistent = false
    private(set) var isDraining = false
    private var waitsForClient = true

    var isServing: Bool { phase == .serving }

    /// - Parameter hasBody: without one the request is read as soon as its head is.
    mutating func begin(isPersistent: Bool, hasBody: Bool) {
        precondition(phase == .idle, "a request begins only after the answer to the one before")
        phase = .serving
        self.isPersistent = isPersistent
        isRequestRead = !hasBody
        isResponseEnded = false
    }

    /// The request's body came to its end.
    mutating func requestRead() -> Next {
        isRequestRead = true
        return next()
    }

    /// The response's head is being written.
    /// - Parameter keepsConnection: false if the response's end is the connection's end.
    /// - Returns: whether it may promise another response on this connection. What it says holds, whatever comes after
    ///   it.
    mutating func promise(keepsConnection: Bool) -> Bool {
        isPersistent = isPersistent && keepsConnection && !isDraining
        return isPersistent
    }

    /// - Parameter keepsConnection: false if the response's end is the connection's end.
    mutating func responseEnded(keepsConnection: Bool) -> Next {
        isResponseEnded = true
        isPersistent = isPersistent && keepsConnection
        return next()
    }

    /// The client will send nothing more. It still gets the responses to what it sent.
    mutating func inputClosed() -> Next {
        isInputClosed = true
        return next()
    }

    /// Everything was sent and our side is closed.
    mutating func outputClosed() -> Next {
        isOutputClosed = true
        return next()
    }

    /// No request is served after the current one; without one the connection ends at once. A request that has already
    /// arrived when a promised response ends is still read, to be refused.
    mutating func drain() -> Next {
        isDraining = true
        guard phase == .idle else { return .nothing }
        waitsForClient = false
        return leave()
    }

    /// Ends an idle connection.
    mutating func leave() -> Next {
        phase = .lingering
        return .linger
    }

    mutating func closed() {
        phase = .closed
    }

    private mutating func next() -> Next {
        switch phase {
        case .idle, .closed:
            return .nothing
        case .serving:
            guard isResponseEnded else { return .nothing }
            // The requests that came before the client closed its side are answered too.
            guard isRequestRead, isPersistent else { return leave() }
            phase = .idle
            return .takeNextRequest
        case .lingering:
            guard isOutputClosed, isInputClosed || !waitsForClient else { return .nothing }
            phase = .closed
            return .close
        }
    }
}
