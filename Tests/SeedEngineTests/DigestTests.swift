import DragonflyIdentity
import HTTPSemantics
import SeedEngineTestSupport
import SeedOrigin
import SeedStorage
import SeedSupport
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
        _ fixture: EngineFixture, _ range: RangeSpec? = nil, _ digest: Digest? = right
    ) throws -> Client {
        try fixture.open(range, pieceLength: Self.piece, digest: digest)
    }

    /// Reads to the end, serving what the origin is asked for, also in the background afterwards.
    /// - Returns: how many bytes that was.
    @discardableResult
    private func read(_ client: Client, _ fixture: EngineFixture, also fields: HTTPFields = [:]) -> Int {
        fixture.play(client, length: Self.length, also: fields).reduce(0) { $0 + $1.count }
    }

    private func isProven(_ fixture: EngineFixture) throws -> Bool {
        fixture.store.flush()
        return try #require(try fixture.store.task(EngineFixture.key(1))).flags.contains(.proven)
    }

    @Test("an object that matches is served whole; the match is remembered and nothing is hashed again after a restart")
    func match() throws {
        let fixture = try EngineFixture()
        defer { fixture.close() }
        let client = try open(fixture)
        read(client, fixture)
        #expect(client.bytes == Self.object && client.isAtEnd)
        #expect(fixture.engine.counters.digestMatches.current == 1)
        #expect(try isProven(fixture))
        try fixture.restart()
        let second = try open(fixture)
        #expect(read(second, fixture) == 0)
        #expect(second.bytes == Self.object)
        #expect(fixture.engine.counters.digestMatches.current == 0)
    }

    @Test(
        "an object that does not match: its reader is cut off before the last block, and the next request fetches anew")
    func mismatch() throws {
        let fixture = try EngineFixture()
        defer { fixture.close() }
        let client = try open(fixture, nil, Self.wrong)
        #expect(read(client, fixture) == Self.length)
        #expect(!client.isAtEnd && client.bytes.count <= Self.lastBlock)
        #expect(fixture.engine.counters.digestMismatches.current == 1)
        fixture.store.flush()
        #expect(try fixture.store.task(EngineFixture.key(1)) == nil)
        let second = try open(fixture)
        #expect(read(second, fixture) == Self.length)
        #expect(second.bytes == Self.object && second.isAtEnd)
    }

    @Test(
        "ranges fetched out of order are hashed too: with the last one the wrong object goes, and its readers with it")
    func ranges() throws {
        let fixture = try EngineFixture()
        defer { fixture.close() }
        var slow: Client?
        for (first, last) in [(1_000_000, 1_199_999), (400_000, 999_999), (0, 399_999)] as [(Int64, Int64)] {
            let client = try open(fixture, .bounded(first: first, last: last), Self.wrong)
            read(client, fixture)
            // The last one may hear of the proof before its first byte.
            #expect(first == 0 || client.bytes == Array(Self.object[Int(first)...Int(last)]))
            guard slow == nil else { continue }
            slow = try open(fixture, .bounded(first: first, last: last), Self.wrong)
            for _ in 1...2 { _ = slow?.step(limit: 1_000) }
        }
        try wait(for: fixture) { fixture.engine.counters.digestMismatches.current == 1 }
        guard case .failed = slow?.readAll() else { return #expect(Bool(false), "not cut off") }
        #expect(slow?.bytes.count == 1_000)
    }

    @Test(
        "a digest that the origin gave for the whole object counts as much as one in the URL", arguments: [true, false])
    func fromOrigin(_ isRight: Bool) throws {
        let fixture = try EngineFixture()
        defer { fixture.close() }
        let name = try #require(HTTPField.Name("Repr-Digest"))
        let text = "sha-256=:\(base64(isRight ? Self.object : Self.object.reversed())):"
        let client = try open(fixture, nil, nil)
        read(client, fixture, also: [name: text])
        #expect(client.isAtEnd == isRight)
        #expect(fixture.engine.counters.digestMatches.current == (isRight ? 1 : 0))
        #expect(fixture.engine.counters.digestMismatches.current == (isRight ? 0 : 1))
    }

    @Test("an object without a digest is neither hashed nor withheld")
    func without() throws {
        let fixture = try EngineFixture()
        defer { fixture.close() }
        let client = try open(fixture, nil, nil)
        read(client, fixture)
        #expect(client.bytes == Self.object)
        #expect(fixture.engine.counters.digestMatches.current == 0)
        #expect(try !isProven(fixture))
    }

    @Test(
        "while it is not proven yet a reader of the whole has all but the last block, a reader of a range all it wants")
    func withheld() throws {
        let fixture = try EngineFixture()
        defer { fixture.close() }
        let busy = Busy(fixture.store.hashers)
        defer { busy.end() }
        let whole = try open(fixture)
        let tail = try open(fixture, .bounded(first: 1, last: Int64(Self.length) - 1))
        read(tail, fixture)
        #expect(tail.bytes == Array(Self.object.dropFirst()))
        let first = try open(fixture, .bounded(first: 0, last: 0))
        read(first, fixture)
        whole.read(Self.lastBlock)
        #expect(whole.bytes.count == Self.lastBlock)
        #expect(whole.step(within: 0.05) == nil)
        busy.end()
        guard case .end = whole.readAll() else { return #expect(Bool(false), "no end") }
        #expect(whole.bytes == Self.object)
    }

    @Test("an object that is held but was never compared, as a restart came, is compared with its first whole reading")
    func restart() throws {
        let fixture = try EngineFixture()
        defer { fixture.close() }
        read(try open(fixture, nil, nil), fixture)
        try fixture.restart()
        let range = try open(fixture, .bounded(first: 0, last: 99))
        #expect(read(range, fixture) == 0)
        #expect(fixture.engine.counters.digestMatches.current == 0)
        let whole = try open(fixture)
        #expect(read(whole, fixture) == 0)
        #expect(whole.bytes == Self.object)
        #expect(fixture.engine.counters.digestMatches.current == 1)
        #expect(try isProven(fixture))
    }

    @Test(
        "a restart in the middle: what was held before is hashed as well, and a wrong object still shows",
        arguments: [
            (right, true), (wrong, false),
        ])
    func restartInTheMiddle(_ digest: Digest, _ isRight: Bool) throws {
        let fixture = try EngineFixture()
        defer { fixture.close() }
        read(try open(fixture, .bounded(first: 0, last: 599_999), digest), fixture)
        try fixture.restart()
        let client = try open(fixture, nil, digest)
        #expect(read(client, fixture) < 900_000)
        #expect(client.isAtEnd == isRight)
    }

    @Test("a piece of the prefix that is evicted after it was hashed is not missed; one that was not hashed is fetched")
    func eviction() throws {
        for isHashed in [true, false] {
            let fixture = try EngineFixture()
            defer { fixture.close() }
            let busy = Busy(fixture.store.hashers)
            if isHashed { busy.end() }
            read(try open(fixture, .bounded(first: 0, last: 1_048_575)), fixture)
            if isHashed { try wait(for: fixture) { try hashedBytes(fixture) == 1_048_576 } }
            fixture.store.flush()
            try evict(1, fixture)
            busy.end()
            let rest = try open(fixture, .bounded(first: 1_048_576, last: Int64(Self.length) - 1))
            read(rest, fixture)
            if isHashed { try wait(for: fixture) { fixture.engine.counters.digestMatches.current == 1 } }
            let whole = try open(fixture)
            #expect(read(whole, fixture) == Int(Self.piece))
            #expect(whole.bytes == Self.object && whole.isAtEnd)
            try wait(for: fixture) { fixture.engine.counters.digestMatches.current >= 1 }
        }
    }

    @Test("a reader who waits for nothing but the proof has the evicted blocks fetched that the hash lacks")
    func evictedBehindReader() throws {
        let fixture = try EngineFixture()
        defer { fixture.close() }
        let busy = Busy(fixture.store.hashers)
        let whole = try open(fixture)
        read(try open(fixture, .bounded(first: 0, last: Int64(Self.length) - 1 - 10)), fixture)
        whole.read(Self.lastBlock)
        try evict(0, fixture)
        busy.end()
        let asked = read(whole, fixture)
        #expect(asked >= Int(Self.piece) && whole.bytes == Self.object)
        #expect(fixture.engine.counters.digestMatches.current == 1)
    }

    @Test("blocks fetched again after the proof are not covered by it: the object is compared anew")
    func unproven() throws {
        let fixture = try EngineFixture()
        defer { fixture.close() }
        read(try open(fixture), fixture)
        #expect(try isProven(fixture))
        try evict(1, fixture)
        let busy = Busy(fixture.store.hashers)
        read(try open(fixture, .bounded(first: 524_288, last: 524_289)), fixture)
        #expect(try !isProven(fixture))
        busy.end()
        let whole = try open(fixture)
        read(whole, fixture)
        #expect(whole.bytes == Self.object)
        #expect(fixture.engine.counters.digestMatches.current == 2)
        #expect(try isProven(fixture))
    }

    private func hashedBytes(_ fixture: EngineFixture) throws -> Int64? {
        fixture.engine.table.find(try EngineFixture.key(1))?.handle { state, _ in state.machine.proof.digest?.position }
    }

    /// Looks again each time the hashing threads have had a turn.
    private func wait(for fixture: EngineFixture, until isTrue: () throws -> Bool) throws {
        let deadline = ContinuousClock.now + .seconds(10)
        while try !isTrue() {
            guard ContinuousClock.now < deadline else {
                Issue.record("not within 10 s; hashed \(try hashedBytes(fixture) ?? -1)")
                return
            }
            let turn = Signal(), isOver = Flag()
            fixture.store.hashers.run {
                isOver.set()
                turn.notify()
            }
            _ = turn.wait(within: 1) { isOver.isSet ? true : nil }
        }
    }

    private func evict(_ piece: Int, _ fixture: EngineFixture) throws {
        let file = FileName(key: try EngineFixture.key(1), generation: try fixture.generation())
        guard
            case .evicting(let content, let evicted) = fixture.engine.beginEviction(
                of: PieceName(file: file, number: piece))
        else {
            return #expect(Bool(false), "piece \(piece) is in use")
        }
        try content.punch(
            BlockGrid(PieceLayout(contentLength: Int64(Self.length), pieceLength: Self.piece)).layout
                .range(of: piece))
        evicted()
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
