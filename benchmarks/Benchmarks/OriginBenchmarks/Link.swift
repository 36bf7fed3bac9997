import Foundation
import Glibc
import SeedSupport
import SeedTestSupport

/// A relay to a loopback port that makes it look far away: each direction takes `delay`, a new connection one more
/// round trip, and bytes come down at limited rates.
final class Link: Sendable {
    let port: UInt16
    private let listener: Int32
    private let target: UInt16
    private let delay: Duration
    private let shared: Pacer?
    private let rateEach: Double?

    /// - Parameters: one-way `delay`; bytes per second for all connections together and for each.
    init(to target: UInt16, delay: Duration = .zero, rate: Double? = nil, rateEach: Double? = nil) throws {
        (listener, port) = try LoopbackSocket.listen()
        self.target = target
        self.delay = delay
        self.rateEach = rateEach
        shared = rate.map(Pacer.init)
        Thread.detachNewThread { [self] in acceptAll() }
    }

    var url: String { "http://127.0.0.1:\(port)" }

    /// Connections that are open go on until their ends close them.
    func stop() {
        shutdown(listener, Int32(SHUT_RDWR))
    }

    private func acceptAll() {
        while case let near = accept(listener, nil, nil), near >= 0 {
            guard let far = LoopbackSocket.connect(port: target) else {
                close(near)
                continue
            }
            var noDelay: Int32 = 1
            for socket in [near, far] {
                setsockopt(socket, Int32(IPPROTO_TCP), TCP_NODELAY, &noDelay, socklen_t(MemoryLayout<Int32>.size))
            }
            let pair = SocketPair(near, far)
            let pacers = [rateEach.map(Pacer.init), shared].compactMap(\.self)
            Pump(from: near, to: far, delay: delay, first: delay * 2, pacers: [], pair).start()
            Pump(from: far, to: near, delay: delay, first: .zero, pacers: pacers, pair).start()
        }
        close(listener)
    }
}

/// Closed when both directions are done with it.
private final class SocketPair: Sendable {
    private let sockets: [Int32]
    init(_ near: Int32, _ far: Int32) { sockets = [near, far] }
    deinit { for socket in sockets { close(socket) } }
}

/// Hands out times at which bytes may pass, so that they keep a rate.
private final class Pacer: Sendable {
    private let rate: Double
    private let next = Lock(ContinuousClock.now)

    init(_ rate: Double) { self.rate = rate }

    func wait(for count: Int) {
        let due = next.withLock { next in
            // What a late thread lost may be made up for, a little.
            next = max(next, .now - .milliseconds(5)) + .seconds(Double(count) / rate)
            return next
        }
        sleep(until: due)
    }
}

private func sleep(until due: ContinuousClock.Instant) {
    let left = due - .now
    if left > .zero { usleep(UInt32(left / .microseconds(1))) }
}

/// One direction of one connection: a reader fills a line of chunks, a writer empties it when their time has come.
private final class Pump: @unchecked Sendable {
    private let (source, sink): (Int32, Int32)
    private let delay: Duration
    private let first: Duration
    private let pacers: [Pacer]
    private let pair: SocketPair
    private let condition = NSCondition()
    private var line: [(due: ContinuousClock.Instant, bytes: [UInt8])] = []
    private var held = 0
    private var isOver = false

    init(
        from source: Int32, to sink: Int32, delay: Duration, first: Duration, pacers: [Pacer], _ pair: SocketPair
    ) {
        (self.source, self.sink, self.delay, self.first, self.pacers) = (source, sink, delay, first, pacers)
        self.pair = pair
    }

    func start() {
        Thread.detachNewThread { self.read() }
        Thread.detachNewThread { self.write() }
    }

    private func read() {
        var extra = first
        while true {
            let bytes = [UInt8](unsafeUninitializedCapacity: 64 * 1024) { buffer, count in
                count = max(0, recv(source, buffer.baseAddress, buffer.count, 0))
            }
            condition.lock()
            // As much as is on its way in a link of 100 MB/s and 50 ms, and then some.
            while held > 8 << 20, !isOver { condition.wait() }
            line.append((.now + delay + extra, bytes))
            held += bytes.count
            extra = .zero
            let isOver = isOver || bytes.isEmpty
            condition.broadcast()
            condition.unlock()
            if isOver { return }
        }
    }

    private func write() {
        while true {
            condition.lock()
            while line.isEmpty { condition.wait() }
            let (due, bytes) = line.removeFirst()
            held -= bytes.count
            condition.broadcast()
            condition.unlock()
            sleep(until: due)
            for pacer in pacers { pacer.wait(for: bytes.count) }
            if bytes.isEmpty || !send(bytes) { return end() }
        }
    }

    private func end() {
        shutdown(sink, Int32(SHUT_WR))
        shutdown(source, Int32(SHUT_RD))
        condition.withLock { isOver = true }
        condition.broadcast()
    }

    private func send(_ bytes: [UInt8]) -> Bool {
        var sent = 0
        while sent < bytes.count {
            let count = bytes.withUnsafeBytes {
                Glibc.send(sink, $0.baseAddress! + sent, bytes.count - sent, Int32(MSG_NOSIGNAL))
            }
            guard count > 0 else { return false }
            sent += count
        }
        return true
    }
}
