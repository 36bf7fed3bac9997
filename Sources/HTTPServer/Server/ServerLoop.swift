package import EventLoops
import Glibc
import HTTPSemantics
import SeedSupport

/// What the connections of one server on one event loop share. It is touched on that loop only.
package final class ServerLoop: LoopResident {
    package let eventLoop: EventLoop
    package let configuration: ServerConfiguration
    package let application: any Application
    let counters: LoopCounters
    let wakeUps: WakeUps
    var headMemory = HeadMemory()
    let limits: ServerLimits
    private var connections: [ClientConnection] = []
    private var ticks: Tick?
    private var headBuffer = HeadBuffer(capacity: HeadBuffer.usual)
    private var date = (second: 0, field: Bytes())
    /// Called when the drain is at its end.
    private var drained: [(DrainOutcome) -> Void]
    private var outcome = DrainOutcome()
    private var isCutting = false
    /// Each response says that it is the last of its connection.
    private(set) var isLeaving = false
    private(set) var isDraining = false

    init(
        on eventLoop: EventLoop, _ configuration: ServerConfiguration, _ limits: ServerLimits, _ counters: LoopCounters,
        _ application: any Application, hasLeft: @escaping () -> Void
    ) {
        self.eventLoop = eventLoop
        self.configuration = configuration
        self.limits = limits
        self.counters = counters
        self.application = application
        wakeUps = WakeUps(eventLoop)
        drained = [{ _ in hasLeft() }]
        ticks = eventLoop.addTick { [unowned self] now in tick(now) }
        eventLoop.add(self)
    }

    // MARK: Connections

    /// Takes a connection, or resets it when the server's limits are reached or it is closing.
    func accept(_ socket: AcceptedSocket) {
        guard !isDraining, limits.enter(socket.peer.ip) else {
            counters.connectionsRefused.add()
            return Socket.reset(socket.descriptor)
        }
        counters.connections.add()
        let connection = ClientConnection(socket, of: self, number: connections.count)
        connections.append(connection)
        connection.start()
    }

    /// A connection is closed.
    /// - Parameter isBroken: not all of its response left.
    func forget(_ connection: ClientConnection, isBroken: Bool) {
        if connection.countsInDrain {
            // One that its client or its origin broke off is neither.
            if !isBroken { outcome.finished += 1 } else if isCutting { outcome.cut += 1 }
        }
        guard let last = connections.popLast() else { return }
        if last !== connection {
            connections[connection.number] = last
            last.number = connection.number
        }
        counters.connections.add(-1)
        limits.leave(connection.peer.ip)
        if isDraining, connections.isEmpty { endDrain() }
    }

    /// One coarse tick for all connections instead of a timer for each.
    private func tick(_ now: MonotonicTime) {
        // From last to first: a connection that ends is replaced by one that has already had its tick.
        var number = connections.count - 1
        while number >= 0 {
            if number < connections.count { connections[number].tick(now) }
            number -= 1
        }
    }

    // MARK: Draining

    /// Serves on, but asks clients to open their next connection elsewhere.
    func leave() {
        isLeaving = true
    }

    /// Idle connections close at once; the others after their present response, or when `limit` is over.
    func drain(within limit: Duration, then done: @escaping (DrainOutcome) -> Void) {
        leave()
        drained.append(done)
        let timer = eventLoop.makeTimer { [self] in cut() }
        drained.append { _ in timer.cancel() }
        timer.schedule(after: limit)
        for connection in connections { connection.drain() }
        isDraining = true
        if connections.isEmpty { endDrain() }
    }

    private func cut() {
        isCutting = true
        for connection in connections { connection.cut() }
    }

    package func loopEnds() {
        isDraining = true
        cut()
        endDrain()
    }

    /// Nothing is left on the loop. Calls the completions, once.
    private func endDrain() {
        ticks?.cancel()
        ticks = nil
        eventLoop.remove(self)
        let done = drained
        drained = []
        for done in done { done(outcome) }
    }

    // MARK: Heads

    /// Memory for the next head: the same as for the one before if that has left.
    func takeHeadBuffer() -> HeadBuffer {
        if !isKnownUniquelyReferenced(&headBuffer) { headBuffer = HeadBuffer(capacity: HeadBuffer.usual) }
        return headBuffer
    }

    /// Appends the field `Date` (RFC 9110 §6.6.1), which is made once a second.
    package func appendDate(to head: inout HeadBytes) {
        let second = time(nil)
        if second != date.second { date = (second, Bytes("Date: \(HTTPDate.text(second: second))\r\n")) }
        head.append(date.field)
    }
}

/// What became of the responses that were running when a server closed its ports.
package struct DrainOutcome: Sendable, Equatable {
    package var finished = 0
    package var cut = 0

    package init() {}

    static func + (first: DrainOutcome, second: DrainOutcome) -> DrainOutcome {
        var sum = first
        sum.finished += second.finished
        sum.cut += second.cut
        return sum
    }
}

/// The limits on connections and on held input, over all loops of a server.
final class ServerLimits: Sendable {
    private let connections = Gauge()
    private let clients: ClientCounts
    private let limit: Int64
    /// In bytes.
    let heldInput = Gauge()
    private let heldInputLimit: Int64

    init(_ configuration: ServerConfiguration) {
        limit = Int64(configuration.connectionLimit)
        clients = ClientCounts(limit: configuration.connectionsPerClient)
        heldInputLimit = Int64(configuration.heldInputLimit)
    }

    /// A connection holds so many bytes of its input more, or fewer, than before.
    func holds(_ bytes: Int) { heldInput.add(Int64(bytes)) }

    /// Connections hold more of their input than they may together.
    var isInputFull: Bool { heldInput.current > heldInputLimit }

    func enter(_ client: IPAddress) -> Bool {
        guard connections.current < limit, clients.enter(client) else { return false }
        connections.add(1)
        return true
    }

    func leave(_ client: IPAddress) {
        connections.add(-1)
        clients.leave(client)
    }
}
