import CPosixIO
import Glibc
package import SeedSupport

/// Listens at an address, and gives each connection to the loop that has the fewest.
///
/// When the process runs out of descriptors, the first waiting connection is reset, so that its client can go elsewhere
/// at once; the rest stay in the backlog for a moment. A spare descriptor is reserved for that.
package final class Listener: Sendable {
    /// Receives the connections.
    package struct Handler: Sendable {
        /// The connections that the loop with this number has.
        package let load: @Sendable (Int) -> Int
        /// Called on that loop; it owns the socket from then on.
        package let accept: @Sendable (AcceptedSocket, EventLoop) -> Void
        /// Called on the first loop for each connection reset for lack of a descriptor.
        package let refused: @Sendable () -> Void

        package init(
            load: @escaping @Sendable (Int) -> Int, accept: @escaping @Sendable (AcceptedSocket, EventLoop) -> Void,
            refused: @escaping @Sendable () -> Void = {}
        ) {
            self.load = load
            self.accept = accept
            self.refused = refused
        }
    }

    /// Where it listens, with the port that the system chose for 0.
    package let address: SocketAddress
    private let loop: EventLoop
    /// Made and closed on the loop.
    private let acceptor: Lock<LoopBound<Acceptor>?>

    /// - Parameters:
    ///   - backlog: connections that may wait to be accepted.
    ///   - unsentLimit: bytes beyond which a connection with unsent bytes isn't writable; nil: the system's.
    ///   - loops: at least one; the first one accepts.
    package static func listen(
        on address: SocketAddress, backlog: Int32 = 4_096, unsentLimit: Int? = nil, loops: [EventLoop], handler: Handler
    ) throws(ListenError) -> Listener {
        do throws(Errno) {
            let socket = try open(address, backlog: backlog)
            setOptions(socket, unsentLimit)
            return Listener(socket, try Socket.localAddress(socket), loops, handler)
        } catch {
            throw ListenError(address: address.description, cause: error)
        }
    }

    /// Takes a socket that listens already, such as one inherited from a parent.
    package static func adopt(
        _ socket: Int32, unsentLimit: Int? = nil, loops: [EventLoop], handler: Handler
    ) throws(ListenError) -> Listener {
        do throws(Errno) {
            try System.call { fcntl(socket, F_SETFL, O_NONBLOCK) }
            try System.call { fcntl(socket, F_SETFD, FD_CLOEXEC) }
            setOptions(socket, unsentLimit)
            return Listener(socket, try Socket.localAddress(socket), loops, handler)
        } catch {
            throw ListenError(address: "the inherited socket \(socket)", cause: error)
        }
    }

    /// Listens, and leaves it to `adopt` to accept: in a process that inherits the socket.
    /// - Returns: non-blocking, closed at exec; owned by the caller.
    package static func openSocket(_ address: SocketAddress, backlog: Int32 = 4_096) throws(ListenError) -> Int32 {
        do throws(Errno) {
            return try open(address, backlog: backlog)
        } catch {
            throw ListenError(address: address.description, cause: error)
        }
    }

    private static func open(_ address: SocketAddress, backlog: Int32) throws(Errno) -> Int32 {
        let socket = try System.call { posix_io_socket(address.isIPv6 ? 1 : 0) }
        do throws(Errno) {
            try System.call { posix_io_reuse_address(socket) }
            if address.isIPv6 { try System.call { posix_io_ipv6_only(socket) } }
            _ = try address.withRawSocketAddress { raw, length throws(Errno) in
                try System.call { posix_io_bind(socket, raw, length) }
            }
            try System.call { Glibc.listen(socket, backlog) }
            return socket
        } catch {
            System.close(socket)
            throw error
        }
    }

    /// What its connections inherit: no delay of short packets, and how much waits in the kernel.
    private static func setOptions(_ socket: Int32, _ unsentLimit: Int?) {
        Socket.setNoDelay(socket)
        if let unsentLimit { Socket.setUnsentLimit(socket, unsentLimit) }
    }

    private init(_ socket: Int32, _ address: SocketAddress, _ loops: [EventLoop], _ handler: Handler) {
        precondition(!loops.isEmpty, "a listener needs a loop")
        self.address = address
        loop = loops[0]
        let acceptor = Lock<LoopBound<Acceptor>?>(nil)
        self.acceptor = acceptor
        let isRunning = loops[0].post {
            let accepting = Acceptor(socket, loops, handler)
            loops[0].add(accepting)
            acceptor.withLock { $0 = LoopBound(accepting, on: loops[0]) }
        }
        if !isRunning { System.close(socket) }
    }

    deinit { close() }

    /// Accepts what waits in the backlog, then nothing more, and closes the socket. Idempotent. At the end of the accepting
    /// loop the backlog is reset by the system.
    /// - Parameter done: called when the port is free.
    package func close(then done: @escaping @Sendable () -> Void = {}) {
        let isRunning = loop.post { [acceptor] in
            let acceptor = acceptor.withLock { $0.take() }
            acceptor?.value.acceptWaiting()
            acceptor?.value.close()
            done()
        }
        if !isRunning { done() }
    }
}

/// The listener's part on the accepting loop.
private final class Acceptor: LoopResident {
    /// Most connections accepted in one turn, so that existing ones are served too.
    private static let batch = 64
    /// How long the backlog waits when there are no descriptors.
    private static let pause = Duration.milliseconds(50)

    private let socket: Int32
    private let loops: [EventLoop]
    private let handler: Listener.Handler
    private var reserve: Int32
    private var watch: DescriptorWatch?
    private var retry: LoopTimer?

    init(_ socket: Int32, _ loops: [EventLoop], _ handler: Listener.Handler) {
        self.socket = socket
        self.loops = loops
        self.handler = handler
        reserve = Self.openReserve()
        watch = loops[0].watch(socket, .read) { [unowned self] _ in acceptBatch() }
        retry = loops[0].makeTimer { [unowned self] in watch?.interest = .read }
    }

    private static func openReserve() -> Int32 { Glibc.open("/dev/null", O_RDONLY | O_CLOEXEC) }

    func loopEnds() {
        close()
    }

    /// Afterwards nothing refers to the loop, so any thread may release it.
    func close() {
        guard watch != nil else { return }
        watch?.cancel()
        (watch, retry) = (nil, nil)
        loops[0].remove(self)
        System.close(socket)
        if reserve >= 0 { System.close(reserve) }
    }

    /// All that is in the backlog, and no more than may be in one.
    func acceptWaiting() {
        var batches = 0
        while acceptBatch(), batches < 64 { batches += 1 }
    }

    /// - Returns: whether more may be waiting.
    @discardableResult
    private func acceptBatch() -> Bool {
        for _ in 0..<Self.batch {
            do throws(Errno) {
                give(try Socket.accept(socket))
            } catch {
                switch error.code {
                case EAGAIN: return false
                // The client left before it was accepted; the next one may be there.
                case ECONNABORTED, EPROTO, EPERM, ENETDOWN, ENOPROTOOPT, EHOSTDOWN, ENONET, EHOSTUNREACH, EOPNOTSUPP,
                    ENETUNREACH:
                    continue
                default:
                    outOfDescriptors()
                    return false
                }
            }
        }
        return true
    }

    private func outOfDescriptors() {
        if reserve >= 0 {
            System.close(reserve)
            if let refused = try? Socket.accept(socket) {
                Socket.reset(refused.descriptor)
                handler.refused()
            }
        }
        reserve = Self.openReserve()
        watch?.interest = []
        retry?.schedule(after: Self.pause)
    }

    private func give(_ connection: AcceptedSocket) {
        // Always taking the first among equals would give it every connection that arrives before the counts are
        // updated.
        let start = Int(connection.descriptor) % loops.count
        var (index, least) = (start, Int.max)
        for step in 0..<loops.count {
            let candidate = (start + step) % loops.count
            let load = handler.load(candidate)
            if load < least { (index, least) = (candidate, load) }
        }
        let (loop, accept) = (loops[index], handler.accept)
        guard !loop.isCurrent else { return accept(connection, loop) }
        if !loop.post({ accept(connection, loop) }) { Socket.reset(connection.descriptor) }
    }
}
