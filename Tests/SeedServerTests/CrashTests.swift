import Foundation
import SeedTestSupport
import Synchronization
import Testing

/// Kill after kill on one store: 10 rounds, 200 with SEED_SOAK.
@Suite("SIGKILL while filling", .serialized)
struct CrashTests {
    private static let rounds = ProcessInfo.processInfo.environment["SEED_SOAK"] == nil ? 10 : 200
    private static let piece = 4 << 20
    private static let length = 3 * piece

    @Test("After each kill: no wrong byte, and every piece that was committed is served without the origin")
    func campaign() throws {
        let directory = try TemporaryDirectory()
        let origin = try DrippingOrigin(length: Self.length)
        defer { origin.stop() }
        for round in 0..<Self.rounds {
            // Nothing of the second piece, so that what is recorded is the first.
            origin.hold(from: Self.piece)
            let committed = try fillAndKill(round, origin, directory)
            origin.hold(from: nil)
            let peer = try SeedPeerProcess(store: directory.path("store"), in: directory)
            try checkCommitted(committed, round, origin, peer)
            for object in Set([round, Int.random(in: 0...round)]) {
                let response = try peer.get(origin.url(object))
                #expect(response.status == 200)
                #expect(response.body == origin.bytes(of: object, 0..<Self.length), "object \(object), round \(round)")
            }
        }
    }

    /// Fills until a piece is committed, and kills while a flight is open and a record waits.
    /// - Returns: how many pieces were committed for certain.
    private func fillAndKill(_ round: Int, _ origin: DrippingOrigin, _ directory: TemporaryDirectory) throws -> Int {
        let peer = try SeedPeerProcess(store: directory.path("store"), in: directory)
        let before = try peer.metric("seed_peer_storage_used_bytes")
        let client = try RawClient(port: peer.port())
        try client.send(SeedPeerProcess.request(origin.url(round)))
        _ = try client.readHead()
        _ = try client.read(exactly: Self.piece)
        try waitUntil("a piece is committed") {
            try peer.metric("seed_peer_storage_used_bytes") >= before + Self.piece
        }
        // More of the second piece than is recorded: another block, which waits for its commit.
        try waitUntil("a record waits") { () throws in
            origin.advance(by: .random(in: 262_144...700_000))
            return try peer.metric("seed_peer_storage_pending_records") > 0
        }
        #expect(try peer.metric("seed_peer_origin_requests") >= 1)
        try waitUntil("an answer is held back") { origin.isHolding }
        peer.kill()
        return 1
    }

    private func checkCommitted(
        _ pieces: Int, _ round: Int, _ origin: DrippingOrigin, _ peer: SeedPeerProcess
    ) throws {
        let asked = origin.requests
        for piece in 0..<pieces {
            let range = piece * Self.piece..<(piece + 1) * Self.piece
            let response = try peer.get(
                origin.url(round), fields: ["Range: bytes=\(range.lowerBound)-\(range.upperBound - 1)"])
            #expect(response.body == origin.bytes(of: round, range), "round \(round)")
        }
        #expect(origin.requests == asked, "a committed piece was fetched again in round \(round)")
    }
}

/// Objects by number, served up to an offset at once and no further until it is told.
private final class DrippingOrigin: Sendable {
    private struct State {
        var limit: Int?
        var waiting = 0
        var requests = 0
    }

    private final class Gate: Sendable {
        let state = Mutex(State())
        let changed = Signal()

        /// How far the object may be sent; waits while that is not beyond `offset`. Nil when it is not let go on.
        func allowed(beyond offset: Int) -> Int? {
            state.withLock { $0.waiting += 1 }
            defer { state.withLock { $0.waiting -= 1 } }
            return changed.wait(within: 120) {
                self.state.withLock { state in
                    let limit = state.limit ?? .max
                    return limit > offset ? limit : nil
                }
            }
        }
    }

    private let gate = Gate()
    private let length: Int
    private let origin: FaultyOrigin

    init(length: Int) throws {
        self.length = length
        origin = try FaultyOrigin { [gate] request, connection in
            gate.state.withLock { $0.requests += 1 }
            let object = Int(request.target.split(separator: "/").last ?? "") ?? 0
            let range = request.range(in: length) ?? 0..<length
            connection.head(
                "206 Partial Content", "Content-Length: \(range.count)", "ETag: \"v\(object)\"",
                "Content-Range: bytes \(range.lowerBound)-\(range.upperBound - 1)/\(length)")
            var at = range.lowerBound
            while at < range.upperBound, let limit = gate.allowed(beyond: at) {
                let end = min(range.upperBound, limit, at + 65_536)
                guard connection.write(Self.bytes(of: object, at..<end)) else { return }
                at = end
            }
        }
    }

    func url(_ object: Int) -> String { "\(origin.url)/\(object)" }

    /// Nothing from this offset on leaves; nil lets everything go.
    func hold(from offset: Int?) {
        gate.state.withLock { $0.limit = offset }
        gate.changed.notify()
    }

    func advance(by count: Int) {
        gate.state.withLock { state in state.limit = state.limit.map { min($0 + count, length - 1) } }
        gate.changed.notify()
    }

    /// A request is answered in part and waits.
    var isHolding: Bool { gate.state.withLock { $0.waiting > 0 } }

    var requests: Int { gate.state.withLock { $0.requests } }

    func stop() {
        hold(from: nil)
        origin.stop()
    }

    func bytes(of object: Int, _ range: Range<Int>) -> [UInt8] { Self.bytes(of: object, range) }

    /// Each 8 bytes tell object and offset, so that misplaced ones show.
    private static func bytes(of object: Int, _ range: Range<Int>) -> [UInt8] {
        let words = range.lowerBound / 8..<(range.upperBound + 7) / 8
        let bytes = [UInt8](unsafeUninitializedCapacity: words.count * 8) { buffer, count in
            let space = UnsafeMutableRawBufferPointer(buffer)
            for (place, word) in words.enumerated() {
                let value = UInt64(word) &* 0x9E37_79B9_7F4A_7C15 ^ UInt64(object) << 40
                space.storeBytes(of: value.littleEndian, toByteOffset: place * 8, as: UInt64.self)
            }
            count = words.count * 8
        }
        let start = range.lowerBound - words.lowerBound * 8
        return Array(bytes[start..<start + range.count])
    }
}
