import HTTPSemantics
import SeedSupport

/// Which connections are open, what each can be used for, and how many may stay idle. Pure logic, no I/O: it is told
/// what curl does with sockets, and returns those to shut down.
///
/// curl keeps the connections and chooses among them by scheme, authority, proxy and TLS settings. What it doesn't look at
/// stands here.
struct ConnectionTable<User: Hashable> {
    typealias Descriptor = Int32

    /// The properties of a connection that curl doesn't compare.
    struct Requirements: Hashable {
        /// What its tunnel is opened with; empty without a tunnel.
        var tunnel = HTTPFields()
        /// HTTP/2 may be negotiated. Otherwise an HTTP/2 connection can't be used.
        var mayBeHTTP2 = false
    }

    /// Whether a request may go out on the connection that curl has chosen for it.
    enum Admission: Hashable {
        /// No request has gone out on it yet.
        case fresh
        /// It was used before, and must be checked.
        case kept(Descriptor)
        case refused
    }

    private enum State {
        case dialled(by: User)
        case used(by: [User])
        case idle(since: MonotonicTime)
        /// It is shut down, or about to be; curl has not closed it yet.
        case retired
    }

    private struct Connection {
        /// What was dialled: the limits count by it.
        let server: String
        let requirements: Requirements
        let remote: SocketAddress
        var localPort: Int?
        var state: State
        var wasUsed = false
        var isHTTP2 = false
        var roundTrip: Duration?
    }

    private var limits: PoolLimits
    private var connections: [Descriptor: Connection] = [:]
    /// Usually one: the system may give the same port to connections to different addresses.
    private var byLocalPort: [Int: [Descriptor]] = [:]
    /// Those whose local port is not known yet, by user.
    private var unlocated: [User: [Descriptor]] = [:]
    private var held: [User: Descriptor] = [:]
    private var idlePerServer: [String: Int] = [:]
    private(set) var idleCount = 0

    init(_ limits: PoolLimits) {
        self.limits = limits
    }

    var count: Int { connections.count }

    /// Connections that nothing uses any more, and that curl would close if it looked.
    var hasRetired: Bool {
        connections.values.contains { if case .retired = $0.state { true } else { false } }
    }

    // MARK: Sockets

    /// curl has a socket for a connection that it is going to dial.
    /// - Parameter server: the limits count by it.
    mutating func opened(
        _ descriptor: Descriptor, for requirements: Requirements, at server: String, _ remote: SocketAddress,
        by user: User
    ) {
        closed(descriptor)
        connections[descriptor] = Connection(
            server: server, requirements: requirements, remote: remote, state: .dialled(by: user))
        unlocated[user, default: []].append(descriptor)
    }

    /// Those that were dialled for a user and whose local ports are asked for here, once.
    mutating func takeUnlocated(of user: User) -> [Descriptor] {
        unlocated.isEmpty ? [] : unlocated.removeValue(forKey: user) ?? []
    }

    mutating func locate(_ descriptor: Descriptor, at localPort: Int) {
        guard connections[descriptor] != nil else { return }
        connections[descriptor]?.localPort = localPort
        byLocalPort[localPort, default: []].append(descriptor)
    }

    /// The connection with this local port, and the server with this address where that leaves a choice. Nil if it isn't the
    /// only one.
    func descriptor(localPort: Int, remote: () -> SocketAddress?) -> Descriptor? {
        guard let candidates = byLocalPort[localPort] else { return nil }
        if candidates.count == 1 { return candidates[0] }
        let address = remote()
        let matching = candidates.filter { connections[$0]?.remote == address }
        return matching.count == 1 ? matching[0] : nil
    }

    /// curl closes the socket.
    mutating func closed(_ descriptor: Descriptor) {
        guard let connection = connections[descriptor] else { return }
        change(descriptor, to: .retired)
        connections[descriptor] = nil
        if case .dialled(let user) = connection.state, let left = unlocated[user]?.filter({ $0 != descriptor }) {
            unlocated[user] = left.isEmpty ? nil : left
        }
        guard let port = connection.localPort else { return }
        byLocalPort[port]?.removeAll { $0 == descriptor }
        if byLocalPort[port]?.isEmpty == true { byLocalPort[port] = nil }
    }

    // MARK: Requests

    /// Those whose requests are on the connection.
    func users(of descriptor: Descriptor) -> [User] {
        if case .used(let users) = connections[descriptor]?.state { users } else { [] }
    }

    func isHTTP2(_ descriptor: Descriptor) -> Bool { connections[descriptor]?.isHTTP2 == true }

    /// A user's request is about to go out.
    /// - Parameter speaksHTTP2: whether that was negotiated; asked once.
    mutating func take(
        _ descriptor: Descriptor, by user: User, for requirements: Requirements, speaksHTTP2: () -> Bool = { false }
    ) -> Admission {
        guard let connection = connections[descriptor], connection.requirements.tunnel == requirements.tunnel else {
            return .refused
        }
        let isHTTP2 = connection.isHTTP2 || !connection.wasUsed && connection.requirements.mayBeHTTP2 && speaksHTTP2()
        guard !isHTTP2 || requirements.mayBeHTTP2 else { return .refused }
        var users: [User] = []
        switch connection.state {
        case .dialled, .idle: break
        case .used(let others):
            users = others.filter { $0 != user }
            guard users.isEmpty || isHTTP2 else { return .refused }
        case .retired: return .refused
        }
        leave(held[user], by: user)
        change(descriptor, to: .used(by: users + [user]))
        connections[descriptor]?.wasUsed = true
        connections[descriptor]?.isHTTP2 = isHTTP2
        return connection.wasUsed ? .kept(descriptor) : .fresh
    }

    /// curl moves a request from a connection that doesn't take it to another one.
    private mutating func leave(_ descriptor: Descriptor?, by user: User) {
        guard let descriptor, case .used(let users) = connections[descriptor]?.state else { return }
        let others = users.filter { $0 != user }
        // A connection without users counts as expired.
        change(descriptor, to: others.isEmpty ? .idle(since: MonotonicTime(nanoseconds: 0)) : .used(by: others))
    }

    /// A user's exchange has ended. After an unclear end the connection is retired, unless it speaks HTTP/2, in which one
    /// exchange doesn't touch another.
    /// - Returns: those to be shut down: this one, or those that are too many.
    mutating func release(_ user: User, isClean: Bool, now: MonotonicTime) -> [Descriptor] {
        guard let descriptor = held[user], let connection = connections[descriptor] else { return [] }
        guard case .used(let users) = connection.state else { return [] }
        guard isClean || connection.isHTTP2 else { return retire(descriptor) }
        let others = users.filter { $0 != user }
        guard others.isEmpty else {
            change(descriptor, to: .used(by: others))
            return []
        }
        change(descriptor, to: .idle(since: now))
        return surplus(after: descriptor)
    }

    /// The connection must not be used any more.
    /// - Returns: the descriptor, if it is to be shut down now.
    mutating func retire(_ descriptor: Descriptor) -> [Descriptor] {
        guard let connection = connections[descriptor] else { return [] }
        if case .retired = connection.state { return [] }
        change(descriptor, to: .retired)
        return [descriptor]
    }

    private mutating func surplus(after descriptor: Descriptor) -> [Descriptor] {
        guard let server = connections[descriptor]?.server else { return [] }
        if idlePerServer[server, default: 0] > limits.idlePerServer { return retireOldest { $0 == server } }
        if idleCount > limits.idleInAll { return retireOldest { _ in true } }
        return []
    }

    private mutating func retireOldest(of isOne: (String) -> Bool) -> [Descriptor] {
        let oldest = idle.filter { isOne($0.server) }.min { $0.since < $1.since }
        return oldest.map { retire($0.descriptor) } ?? []
    }

    // MARK: Idle connections

    private var idle: [(descriptor: Descriptor, server: String, since: MonotonicTime)] {
        connections.compactMap { descriptor, connection in
            if case .idle(let since) = connection.state { (descriptor, connection.server, since) } else { nil }
        }
    }

    /// The idle ones, which their servers may have closed.
    var idleDescriptors: [Descriptor] { idle.map(\.descriptor) }

    /// - Returns: those that have been idle for too long and are to be shut down.
    mutating func expire(now: MonotonicTime) -> [Descriptor] {
        idle.filter { now - $0.since >= limits.idleTimeout }.flatMap { retire($0.descriptor) }
    }

    /// None is kept from now on.
    /// - Returns: those that are idle now and are to be shut down.
    mutating func keepNone() -> [Descriptor] {
        limits.idlePerServer = 0
        return idleDescriptors.flatMap { retire($0) }
    }

    // MARK: Round trips

    /// Whether a response came too soon to belong to its request: sooner than the connection's smallest round trip.
    /// - Parameter measure: the smallest as of now. Not asked where what was measured before clears the response: it can
    ///   only have become smaller since.
    mutating func isTooSoon(
        _ elapsed: Duration, on descriptor: Descriptor, measure: () -> Duration?
    ) -> Bool {
        if let known = connections[descriptor]?.roundTrip, elapsed >= known { return false }
        guard let smallest = measure() else { return false }
        connections[descriptor]?.roundTrip = smallest
        return elapsed < smallest
    }

    /// The only place where a state changes.
    private mutating func change(_ descriptor: Descriptor, to state: State) {
        guard let connection = connections[descriptor] else { return }
        if case .idle = connection.state { countIdle(connection.server, -1) }
        if case .used(let users) = connection.state {
            for user in users where held[user] == descriptor { held[user] = nil }
        }
        connections[descriptor]?.state = state
        if case .idle = state { countIdle(connection.server, 1) }
        if case .used(let users) = state { for user in users { held[user] = descriptor } }
    }

    private mutating func countIdle(_ server: String, _ change: Int) {
        idleCount += change
        let count = idlePerServer[server, default: 0] + change
        idlePerServer[server] = count > 0 ? count : nil
    }
}
