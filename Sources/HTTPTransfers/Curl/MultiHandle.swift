import CCurl
import EventLoops
import Glibc
import SeedSupport

/// Owner of one curl multi handle on an event loop: the connections and the names that all transfers share.
///
/// curl names the sockets and the timeout; the loop waits for them. curl must not be called from its own callbacks, so
/// what these ask for is done afterwards.
final class MultiHandle {
    private let pointer: UnsafeMutableRawPointer
    private let loop: EventLoop
    private let timer: LoopTimer
    /// Held: the connections end with this object.
    private let pool: ConnectionPool
    /// The transfer that makes curl look at its connections.
    private var inspection: EasyHandle?
    /// A transfer that curl has ended. Called on the loop, never inside a call to this handle.
    var ended: (UnsafeMutableRawPointer, CURLcode) -> Void = { _, _ in }
    /// What curl waits for on a transfer's socket from now on; nothing: not for the socket any more. Called inside a call
    /// to this handle.
    var interestChanged: (UnsafeMutableRawPointer, curl_socket_t, Readiness) -> Void = { _, _, _ in }
    /// The other side of a socket that curl only wants to write to has gone. True: it must not write now.
    var holdsWrites: (curl_socket_t) -> Bool = { _ in false }
    private var watches: [curl_socket_t: DescriptorWatch] = [:]
    private var depth = 0
    private var willSettle = false
    private var postponed: [() -> Void] = []
    /// How often curl was called because of a socket or its timer.
    private(set) var wakeUps = 0

    private static let isReady = OpenSSL.isReady && seed_curl_global_init() == CURLE_OK

    /// - Parameter pool: closes the connections' sockets, and bounds how many there are.
    init(on loop: EventLoop, _ pool: ConnectionPool) {
        guard Self.isReady, let pointer = curl_multi_init() else {
            preconditionFailure("libcurl cannot be initialised: out of memory")
        }
        self.pointer = pointer
        self.loop = loop
        self.pool = pool
        let fired = WeakReference<MultiHandle>()
        timer = loop.makeTimer { fired.object?.act(on: seed_curl_socket_timeout(), []) }
        fired.object = self
        // The pool's limits are to be reached first.
        seed_curl_multi_set_long(pointer, CURLMOPT_MAXCONNECTS, Int(Int32.max))
        let user = Unmanaged.passUnretained(self).toOpaque()
        seed_curl_multi_set_socket_callback(pointer, Self.socketChanged, user)
        seed_curl_multi_set_timer_callback(pointer, Self.timerChanged, user)
    }

    deinit {
        timer.cancel()
        for watch in watches.values { watch.cancel() }
        seed_curl_multi_clear_callbacks(pointer)
        if let inspection { curl_multi_remove_handle(pointer, inspection.pointer) }
        // Closes the idle connections; the loop waits for none of them.
        curl_multi_cleanup(pointer)
    }

    /// Whether this is inside one of curl's callbacks.
    var isBusy: Bool { depth > 0 }

    func add(_ handle: EasyHandle) -> Bool {
        call { curl_multi_add_handle(pointer, handle.pointer) == CURLM_OK }
    }

    func remove(_ handle: EasyHandle) {
        _ = call { curl_multi_remove_handle(pointer, handle.pointer) }
    }

    func pause(_ handle: EasyHandle, receiving: Bool, sending: Bool) -> CURLcode {
        call { handle.pause(receiving: receiving, sending: sending) }
    }

    /// Does it now, or once curl has returned.
    func whenFree(_ work: @escaping () -> Void) {
        guard isBusy else { return work() }
        postponed.append(work)
    }

    /// Lets curl act on a socket that is ready, or on its timer.
    private func act(on socket: curl_socket_t, _ ready: Readiness) {
        wakeUps += 1
        let bits = (ready.contains(.read) ? CURL_CSELECT_IN : 0) | (ready.contains(.write) ? CURL_CSELECT_OUT : 0)
        var running: Int32 = 0
        _ = enter { curl_multi_socket_action(pointer, socket, bits, &running) }
        settle()
    }

    private func enter<Result>(_ body: () -> Result) -> Result {
        precondition(depth == 0, "curl must not be called from its own callbacks")
        depth += 1
        defer { depth -= 1 }
        return body()
    }

    private func call<Result>(_ body: () -> Result) -> Result {
        let result = enter(body)
        if !willSettle {
            willSettle = true
            // Deferred: it may end the transfer whose method is calling.
            loop.later { [self] in
                willSettle = false
                settle()
            }
        }
        return result
    }

    /// What callbacks asked for, then what curl has ended meanwhile.
    private func settle() {
        let works = postponed
        postponed = []
        for work in works { work() }
        var left: Int32 = 0
        // One at a time: `ended` may remove another transfer, and its message with it.
        while let message = curl_multi_info_read(pointer, &left) {
            guard message.pointee.msg == CURLMSG_DONE, let easy = message.pointee.easy_handle else { continue }
            if let handle = inspection, handle.pointer == easy {
                inspection = nil
                remove(handle)
            } else {
                ended(easy, seed_curl_result(message))
            }
        }
    }

    /// Has curl close the connections whose sockets are dead. It looks for them only when it needs a connection, at most
    /// once a second: here for a transfer that gets no socket.
    func closeDead() {
        guard inspection == nil, let handle = EasyHandle() else { return }
        handle.refuseConnection()
        inspection = handle
        if !add(handle) { inspection = nil }
    }
}

// MARK: What curl waits for

extension MultiHandle {
    private static let socketChanged: seed_curl_socket_callback = { easy, socket, what, user, _ in
        // Never nil: `init` gave it, and the handle ends with this object.
        let multi = Unmanaged<MultiHandle>.fromOpaque(user!).takeUnretainedValue()
        let interest: Readiness =
            switch what {
            case CURL_POLL_IN: .read
            case CURL_POLL_OUT: .write
            case CURL_POLL_INOUT: [.read, .write]
            default: []
            }
        what == CURL_POLL_REMOVE ? multi.forget(socket) : multi.wait(for: interest, on: socket)
        if let easy { multi.interestChanged(easy, socket, interest) }
        return 0
    }

    private static let timerChanged: seed_curl_timer_callback = { _, milliseconds, user in
        let timer = Unmanaged<MultiHandle>.fromOpaque(user!).takeUnretainedValue().timer
        milliseconds < 0 ? timer.cancel() : timer.schedule(after: .milliseconds(milliseconds))
        return 0
    }

    private func forget(_ socket: curl_socket_t) {
        watches.removeValue(forKey: socket)?.cancel()
    }

    private func wait(for interest: Readiness, on socket: curl_socket_t) {
        if let watch = watches[socket] {
            watch.interest = interest
        } else {
            watches[socket] = loop.watch(socket, interest) { [unowned self] in isReady(socket, $0) }
        }
    }

    /// What there is to read comes first: a server that has responded and gone breaks every write, and after a broken write
    /// curl reads no response. The socket stays ready to be written to.
    private func isReady(_ socket: curl_socket_t, _ ready: Readiness) {
        guard ready == .write, let interest = watches[socket]?.interest else { return act(on: socket, ready) }
        if interest.contains(.read) {
            act(on: socket, Self.poll(socket, for: POLLIN) ? .read : .write)
        } else if !Self.isBroken(socket) || !holdsWrites(socket) {
            act(on: socket, .write)
        }
    }

    /// Whether every write fails.
    static func isBroken(_ socket: curl_socket_t) -> Bool { poll(socket, for: 0) }

    /// An error and the connection's end in both directions count whatever is asked for.
    private static func poll(_ socket: curl_socket_t, for events: Int32) -> Bool {
        var entry = pollfd(fd: socket, events: Int16(events), revents: 0)
        return Glibc.poll(&entry, 1, 0) > 0
    }
}

/// For a closure created before its object is initialized.
private final class WeakReference<Object: AnyObject> {
    weak var object: Object?
}
