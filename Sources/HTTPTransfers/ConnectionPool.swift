import EventLoops
import Glibc
import SeedSupport

/// The sockets of a driver's connections: carries out the table's decisions. It lives on the driver's loop, and longer
/// than the last connection, since curl closes each through it.
final class ConnectionPool {
    typealias Table = ConnectionTable<ObjectIdentifier>

    private var table: Table

    init(_ limits: PoolLimits) {
        table = Table(limits)
    }

    /// Connections whose sockets curl has open.
    var count: Int { table.count }

    /// A socket for a connection that a transfer is going to dial.
    func opened(
        _ descriptor: Int32, for requirements: Table.Requirements, at server: String, _ remote: SocketAddress,
        by user: ObjectIdentifier
    ) {
        table.opened(descriptor, for: requirements, at: server, remote, by: user)
    }

    /// Closes a socket for curl.
    func close(_ descriptor: Int32) {
        table.closed(descriptor)
        Socket.close(descriptor)
    }

    /// The connection that curl has chosen for a transfer.
    func find(for user: ObjectIdentifier, localPort: Int, remote: () -> SocketAddress?) -> Int32? {
        for descriptor in table.takeUnlocated(of: user) {
            if let address = try? Socket.localAddress(descriptor) { table.locate(descriptor, at: Int(address.port)) }
        }
        return table.descriptor(localPort: localPort, remote: remote)
    }

    /// The users of a connection that takes one exchange at a time.
    func users(of descriptor: Int32) -> [ObjectIdentifier] {
        table.isHTTP2(descriptor) ? [] : table.users(of: descriptor)
    }

    /// Whether a transfer's request may be sent, after checking the connection: unread bytes were not asked for, and a
    /// closed one is useless.
    /// - Parameter handle: the transfer's.
    func take(
        _ descriptor: Int32, by user: ObjectIdentifier, for requirements: Table.Requirements, _ handle: EasyHandle
    ) -> Table.Admission {
        let admission = table.take(descriptor, by: user, for: requirements) { handle.speaksHTTP2 }
        guard case .kept = admission, !table.isHTTP2(descriptor) else { return admission }
        guard Socket.hasInput(descriptor) || handle.hasUnreadTLS else { return admission }
        shutDown(table.retire(descriptor))
        return .refused
    }

    /// Whether a response that begins now was on its way before its request was sent.
    func isTooSoon(_ descriptor: Int32, sent: MonotonicTime) -> Bool {
        // The kernel counts whole microseconds.
        let elapsed = MonotonicTime.now() - sent + .microseconds(1)
        return table.isTooSoon(elapsed, on: descriptor) { Socket.smallestRoundTrip(descriptor) }
    }

    func release(_ user: ObjectIdentifier, isClean: Bool, now: MonotonicTime) {
        shutDown(table.release(user, isClean: isClean, now: now))
    }

    /// Shuts down what is idle for too long, and what its server has closed or written to.
    /// - Returns: whether curl has something to close.
    func sweep(now: MonotonicTime) -> Bool {
        shutDown(table.expire(now: now))
        for descriptor in table.idleDescriptors where hasServerSpoken(descriptor) { shutDown(table.retire(descriptor)) }
        return table.hasRetired
    }

    /// Whether a server has closed an idle connection, or written to it, which in HTTP/2 it may.
    private func hasServerSpoken(_ descriptor: Int32) -> Bool {
        table.isHTTP2(descriptor) ? Socket.peerState(descriptor) != .open : Socket.hasInput(descriptor)
    }

    /// Shuts down idle connections now, and every other one at the end of its exchange.
    func keepNone() { shutDown(table.keepNone()) }

    /// Only curl may close its sockets; one that is shut down is dead to it.
    private func shutDown(_ descriptors: [Int32]) {
        for descriptor in descriptors { Socket.shutdown(descriptor) }
    }
}
