import DragonflyIdentity
import HTTPTypes
import SeedEngine
import SeedOrigin
import SeedStorage
import SeedTestSupport
import Testing

@testable import SeedEngine

@Suite("Objects named by their SHA-256 (rule 11)")
struct DigestTests {
    private static let length = 1_200_000
    private static let object = objectBytes(0..<length)
    private static let right = digest(of: object)
    private static let wrong = digest(of: object.reversed())
    /// Two blocks; the third piece is a short one.
    private static let piece: Int64 = 524_288
    private static let lastBlock = 1_048_576

    private func open(
        _ house: EngineHouse, _ range: RangeSpec? = nil, _ digest: Digest? = right
    ) throws -> Client {
        try house.open(range, pieceLength: Self.piece, digest: digest)
    }

    /// Reads to the end, serving what the origin is asked for, also in the background afterwards.
    /// - Returns: how many bytes that was.
    @discardableResult
    private func read(_ client: Client, _ house: EngineHouse, also fields: HTTPFields = [:]) -> Int {
        house.play(client, length: Self.length, also: fields).reduce(0) { $0 + $1.count }
    }

    private func isProven(_ house: EngineHouse) throws -> Bool {
        house.store.flush()
        return try #require(try house.store.task(EngineHouse.key(1))).flags.contains(.proven)
    }

    @Test("an object that matches is served whole; the match is remembered and nothing is hashed again after a restart")
    func match() throws {
        let house = try EngineHouse()
        defer { house.close() }
        let client = try open(house)
        read(client, house)
        #expect(client.bytes == Self.object && client.isAtEnd)
        #expect(house.engine.counters.digestMatches.current == 1)
        #expect(try isProven(house))
        try house.restart()
        let second = try open(house)
        #expect(read(second, house) == 0)
        #expect(second.bytes == Self.object)
        #expect(house.engine.counters.digestMatches.current == 0)
    }

    @Test(
        "an object that does not match: its reader is cut off before the last block, and the next request fetches anew")
    func mismatch() throws {
        let house = try EngineHouse()
        defer { house.close() }
        let client = try open(house, nil, Self.wrong)
        #expect(read(client, house) == Self.length)
        #expect(!client.isAtEnd && client.bytes.count <= Self.lastBlock)
        #expect(house.engine.counters.digestMismatches.current == 1)
        house.store.flush()
        #expect(try house.store.task(EngineHouse.key(1)) == nil)
        let second = try open(house)
        #expect(read(second, house) == Self.length)
        #expect(second.bytes == Self.object && second.isAtEnd)
    }

    @Test(
        "ranges fetched out of order are hashed too: with the last one the wrong object goes, and its readers with it")
    func ranges() throws {
        let house = try EngineHouse()
        defer { house.close() }
        var slow: Client?
        for (first, last) in [(1_000_000, 1_199_999), (400_000, 999_999), (0, 399_999)] as [(Int64, Int64)] {
            let client = try open(house, .bounded(first: first, last: last), Self.wrong)
            read(client, house)
            // The last one may hear of the verdict before its first byte.
            #expect(first == 0 || client.bytes == Array(Self.object[Int(first)...Int(last)]))
            guard slow == nil else { continue }
            slow = try open(house, .bounded(first: first, last: last), Self.wrong)
            for _ in 1...2 { _ = slow?.step(limit: 1_000) }
        }
        try wait(for: house) { house.engine.counters.digestMismatches.current == 1 }
        guard case .failed = slow?.readAll() else { return #expect(Bool(false), "not cut off") }
        #expect(slow?.bytes.count == 1_000)
    }

    @Test(
        "a digest that the origin gave for the whole object counts as much as one in the URL", arguments: [true, false])
    func fromOrigin(_ isRight: Bool) throws {
        let house = try EngineHouse()
        defer { house.close() }
        let name = try #require(HTTPField.Name("Repr-Digest"))
        let text = "sha-256=:\(base64(isRight ? Self.object : Self.object.reversed())):"
        let client = try open(house, nil, nil)
        read(client, house, also: [name: text])
        #expect(client.isAtEnd == isRight)
        #expect(house.engine.counters.digestMatches.current == (isRight ? 1 : 0))
        #expect(house.engine.counters.digestMismatches.current == (isRight ? 0 : 1))
    }

    @Test("an object without a digest is neither hashed nor withheld")
    func without() throws {
        let house = try EngineHouse()
        defer { house.close() }
        let client = try open(house, nil, nil)
        read(client, house)
        #expect(client.bytes == Self.object)
        #expect(house.engine.counters.digestMatches.current == 0)
        #expect(try !isProven(house))
    }

    @Test("while the verdict is out a reader of the whole has all but the last block, a reader of a range all it wants")
    func withheld() throws {
        let house = try EngineHouse()
        defer { house.close() }
        let busy = Busy(house.store.hashers)
        defer { busy.end() }
        let whole = try open(house)
        let tail = try open(house, .bounded(first: 1, last: Int64(Self.length) - 1))
        read(tail, house)
        #expect(tail.bytes == Array(Self.object.dropFirst()))
        let first = try open(house, .bounded(first: 0, last: 0))
        read(first, house)
        whole.read(Self.lastBlock)
        #expect(whole.bytes.count == Self.lastBlock)
        #expect(whole.step(within: 0.05) == nil)
        busy.end()
        guard case .end = whole.readAll() else { return #expect(Bool(false), "no end") }
        #expect(whole.bytes == Self.object)
    }

    @Test("an object that is held but was never compared, as a restart came, is compared with its first whole reading")
    func restart() throws {
        let house = try EngineHouse()
        defer { house.close() }
        read(try open(house, nil, nil), house)
        try house.restart()
        let range = try open(house, .bounded(first: 0, last: 99))
        #expect(read(range, house) == 0)
        #expect(house.engine.counters.digestMatches.current == 0)
        let whole = try open(house)
        #expect(read(whole, house) == 0)
        #expect(whole.bytes == Self.object)
        #expect(house.engine.counters.digestMatches.current == 1)
        #expect(try isProven(house))
    }

    @Test(
        "a restart in the middle: what was held before is hashed as well, and a wrong object still shows",
        arguments: [
            (right, true), (wrong, false),
        ])
    func restartInTheMiddle(_ digest: Digest, _ isRight: Bool) throws {
        let house = try EngineHouse()
        defer { house.close() }
        read(try open(house, .bounded(first: 0, last: 599_999), digest), house)
        try house.restart()
        let client = try open(house, nil, digest)
        #expect(read(client, house) < 900_000)
        #expect(client.isAtEnd == isRight)
    }

    @Test("a piece of the prefix that is evicted after it was hashed is not missed; one that was not hashed is fetched")
    func eviction() throws {
        for isHashed in [true, false] {
            let house = try EngineHouse()
            defer { house.close() }
            let busy = Busy(house.store.hashers)
            if isHashed { busy.end() }
            read(try open(house, .bounded(first: 0, last: 1_048_575)), house)
            if isHashed { try wait(for: house) { try hashedBytes(house) == 1_048_576 } }
            house.store.flush()
            try evict(1, house)
            busy.end()
            let rest = try open(house, .bounded(first: 1_048_576, last: Int64(Self.length) - 1))
            read(rest, house)
            if isHashed { try wait(for: house) { house.engine.counters.digestMatches.current == 1 } }
            let whole = try open(house)
            #expect(read(whole, house) == Int(Self.piece))
            #expect(whole.bytes == Self.object && whole.isAtEnd)
            try wait(for: house) { house.engine.counters.digestMatches.current >= 1 }
        }
    }

    @Test("a reader who waits for nothing but the verdict has the evicted blocks fetched that the hash lacks")
    func evictedBehindReader() throws {
        let house = try EngineHouse()
        defer { house.close() }
        let busy = Busy(house.store.hashers)
        let whole = try open(house)
        read(try open(house, .bounded(first: 0, last: Int64(Self.length) - 1 - 10)), house)
        whole.read(Self.lastBlock)
        try evict(0, house)
        busy.end()
        let asked = read(whole, house)
        #expect(asked >= Int(Self.piece) && whole.bytes == Self.object)
        #expect(house.engine.counters.digestMatches.current == 1)
    }

    @Test("blocks fetched again after the verdict are not covered by it: the object is compared anew")
    func unproven() throws {
        let house = try EngineHouse()
        defer { house.close() }
        read(try open(house), house)
        #expect(try isProven(house))
        try evict(1, house)
        let busy = Busy(house.store.hashers)
        read(try open(house, .bounded(first: 524_288, last: 524_289)), house)
        #expect(try !isProven(house))
        busy.end()
        let whole = try open(house)
        read(whole, house)
        #expect(whole.bytes == Self.object)
        #expect(house.engine.counters.digestMatches.current == 2)
        #expect(try isProven(house))
    }

    private func hashedBytes(_ house: EngineHouse) throws -> Int64? {
        house.engine.table.find(try EngineHouse.key(1))?.handle { state, _ in state.machine.proof?.position }
    }

    /// Looks again each time the hashing threads have had a turn.
    private func wait(for house: EngineHouse, until isTrue: () throws -> Bool) throws {
        let deadline = ContinuousClock.now + .seconds(10)
        while try !isTrue() {
            guard ContinuousClock.now < deadline else {
                Issue.record("not within 10 s; hashed \(try hashedBytes(house) ?? -1)")
                return
            }
            let turn = Signal(), isOver = Flag()
            house.store.hashers.run {
                isOver.set()
                turn.notify()
            }
            _ = turn.wait(within: 1) { isOver.isSet ? true : nil }
        }
    }

    private func evict(_ piece: Int, _ house: EngineHouse) throws {
        let file = FileName(key: try EngineHouse.key(1), generation: try house.generation())
        guard case .given(let content, let done) = house.engine.giveUp(PieceName(file: file, number: piece)) else {
            return #expect(Bool(false), "piece \(piece) is in use")
        }
        try content.punch(
            BlockGrid(PieceLayout(contentLength: Int64(Self.length), pieceLength: Self.piece)).layout
                .range(of: piece))
        done()
    }
}

/// Holds the hashing threads until it is ended.
private final class Busy: Sendable {
    private let isOver = Flag()
    private let signal = Signal()

    init(_ threads: StoreThreads) {
        for _ in 0..<8 { threads.run { [self] in _ = signal.wait(within: 20) { self.isOver.isSet ? true : nil } } }
    }

    func end() {
        isOver.set()
        signal.notify()
    }
}
