import DragonflyIdentity
import HTTPSemantics
import SeedEngineTestSupport
import SeedOrigin
import SeedStorage
import SeedSupport
import SeedTestSupport
import Testing

@testable import SeedEngine

@Suite("Objects named by their SHA-256 (rule:checksums)")
struct DigestTests {
    private static let length = 1_200_000
    private static let object = objectBytes(0..<length)
    private static let right = digest(of: object)
    private static let wrong = digest(of: object.reversed())
    /// Two blocks; the third piece is a short one.
    private static let piece: Int64 = 524_288
    private static let lastBlock = 1_048_576

    private func open(
        _ harness: EngineHarness, _ range: RangeSpec? = nil, _ digest: Digest? = right
    ) throws -> Client {
        try harness.open(range, pieceLength: Self.piece, digest: digest)
    }

    /// Reads to the end, serving what the origin is asked for, also in the background afterwards.
    /// - Returns: how many bytes that was.
    @discardableResult
    private func read(_ client: Client, _ harness: EngineHarness, also fields: HTTPFields = [:]) -> Int {
        harness.play(client, length: Self.length, also: fields).reduce(0) { $0 + $1.count }
    }

    private func isProven(_ harness: EngineHarness) throws -> Bool {
        harness.store.flush()
        return try #require(try harness.store.task(EngineHarness.key(1))).flags.contains(.proven)
    }

    @Test("an object that matches is served whole; the match is remembered and nothing is hashed again after a restart")
    func match() throws {
        let harness = try EngineHarness()
        defer { harness.close() }
        let client = try open(harness)
        read(client, harness)
        #expect(client.bytes == Self.object && client.isAtEnd)
        #expect(harness.engine.counters.digestMatches.current == 1)
        #expect(try isProven(harness))
        try harness.restart()
        let second = try open(harness)
        #expect(read(second, harness) == 0)
        #expect(second.bytes == Self.object)
        #expect(harness.engine.counters.digestMatches.current == 0)
    }

    @Test(
        "an object that does not match: its reader is cut off before the last block, and the next request fetches anew")
    func mismatch() throws {
        let harness = try EngineHarness()
        defer { harness.close() }
        let client = try open(harness, nil, Self.wrong)
        #expect(read(client, harness) == Self.length)
        #expect(!client.isAtEnd && client.bytes.count <= Self.lastBlock)
        #expect(harness.engine.counters.digestMismatches.current == 1)
        harness.store.flush()
        #expect(try harness.store.task(EngineHarness.key(1)) == nil)
        let second = try open(harness)
        #expect(read(second, harness) == Self.length)
        #expect(second.bytes == Self.object && second.isAtEnd)
    }

    @Test(
        "ranges fetched out of order are hashed too: with the last one the wrong object goes, and its readers with it")
    func ranges() throws {
        let harness = try EngineHarness()
        defer { harness.close() }
        var slow: Client?
        for (first, last) in [(1_000_000, 1_199_999), (400_000, 999_999), (0, 399_999)] as [(Int64, Int64)] {
            let client = try open(harness, .bounded(first: first, last: last), Self.wrong)
            read(client, harness)
            // The last one may hear of the proof before its first byte.
            #expect(first == 0 || client.bytes == Array(Self.object[Int(first)...Int(last)]))
            guard slow == nil else { continue }
            slow = try open(harness, .bounded(first: first, last: last), Self.wrong)
            for _ in 1...2 { _ = slow?.step(limit: 1_000) }
        }
        try wait(for: harness) { harness.engine.counters.digestMismatches.current == 1 }
        guard case .failed = slow?.readAll() else { return #expect(Bool(false), "not cut off") }
        #expect(slow?.bytes.count == 1_000)
    }

    @Test(
        "a digest that the origin gave for the whole object counts as much as one in the URL", arguments: [true, false])
    func fromOrigin(_ isRight: Bool) throws {
        let harness = try EngineHarness()
        defer { harness.close() }
        let name = try #require(HTTPField.Name("Repr-Digest"))
        let text = "sha-256=:\(base64(isRight ? Self.object : Self.object.reversed())):"
        let client = try open(harness, nil, nil)
        read(client, harness, also: [name: text])
        #expect(client.isAtEnd == isRight)
        #expect(harness.engine.counters.digestMatches.current == (isRight ? 1 : 0))
        #expect(harness.engine.counters.digestMismatches.current == (isRight ? 0 : 1))
    }

    @Test("an object without a digest is neither hashed nor withheld")
    func without() throws {
        let harness = try EngineHarness()
        defer { harness.close() }
        let client = try open(harness, nil, nil)
        read(client, harness)
        #expect(client.bytes == Self.object)
        #expect(harness.engine.counters.digestMatches.current == 0)
        #expect(try !isProven(harness))
    }

    @Test(
        "while it is not proven yet a reader of the whole has all but the last block, a reader of a range all it wants")
    func withheld() throws {
        let harness = try EngineHarness()
        defer { harness.close() }
        let busy = Busy(harness.store.hashers)
        defer { busy.end() }
        let whole = try open(harness)
        let tail = try open(harness, .bounded(first: 1, last: Int64(Self.length) - 1))
        read(tail, harness)
        #expect(tail.bytes == Array(Self.object.dropFirst()))
        let first = try open(harness, .bounded(first: 0, last: 0))
        read(first, harness)
        whole.read(Self.lastBlock)
        #expect(whole.bytes.count == Self.lastBlock)
        #expect(whole.step(within: 0.05) == nil)
        busy.end()
        guard case .end = whole.readAll() else { return #expect(Bool(false), "no end") }
        #expect(whole.bytes == Self.object)
    }

    @Test("an object that is held but was never compared, as a restart came, is compared with its first whole reading")
    func restart() throws {
        let harness = try EngineHarness()
        defer { harness.close() }
        read(try open(harness, nil, nil), harness)
        try harness.restart()
        let range = try open(harness, .bounded(first: 0, last: 99))
        #expect(read(range, harness) == 0)
        #expect(harness.engine.counters.digestMatches.current == 0)
        let whole = try open(harness)
        #expect(read(whole, harness) == 0)
        #expect(whole.bytes == Self.object)
        #expect(harness.engine.counters.digestMatches.current == 1)
        #expect(try isProven(harness))
    }

    @Test(
        "a restart in the middle: what was held before is hashed as well, and a wrong object still shows",
        arguments: [
            (right, true), (wrong, false),
        ])
    func restartInTheMiddle(_ digest: Digest, _ isRight: Bool) throws {
        let harness = try EngineHarness()
        defer { harness.close() }
        read(try open(harness, .bounded(first: 0, last: 599_999), digest), harness)
        try harness.restart()
        let client = try open(harness, nil, digest)
        #expect(read(client, harness) < 900_000)
        #expect(client.isAtEnd == isRight)
    }

    @Test("a piece of the prefix that is evicted after it was hashed is not missed; one that was not hashed is fetched")
    func eviction() throws {
        for isHashed in [true, false] {
            let harness = try EngineHarness()
            defer { harness.close() }
            let busy = Busy(harness.store.hashers)
            if isHashed { busy.end() }
            read(try open(harness, .bounded(first: 0, last: 1_048_575)), harness)
            if isHashed { try wait(for: harness) { try hashedBytes(harness) == 1_048_576 } }
            harness.store.flush()
            try evict(1, harness)
            busy.end()
            let rest = try open(harness, .bounded(first: 1_048_576, last: Int64(Self.length) - 1))
            read(rest, harness)
            if isHashed { try wait(for: harness) { harness.engine.counters.digestMatches.current == 1 } }
            let whole = try open(harness)
            #expect(read(whole, harness) == Int(Self.piece))
            #expect(whole.bytes == Self.object && whole.isAtEnd)
            try wait(for: harness) { harness.engine.counters.digestMatches.current >= 1 }
        }
    }

    @Test("a reader that only waits for verification gets the evicted blocks fetched that the hash needs")
    func evictedBehindReader() throws {
        let harness = try EngineHarness()
        defer { harness.close() }
        let busy = Busy(harness.store.hashers)
        let whole = try open(harness)
        read(try open(harness, .bounded(first: 0, last: Int64(Self.length) - 1 - 10)), harness)
        whole.read(Self.lastBlock)
        try evict(0, harness)
        busy.end()
        let asked = read(whole, harness)
        #expect(asked >= Int(Self.piece) && whole.bytes == Self.object)
        #expect(harness.engine.counters.digestMatches.current == 1)
    }

    @Test("blocks fetched again after the proof are not covered by it: the object is compared anew")
    func unproven() throws {
        let harness = try EngineHarness()
        defer { harness.close() }
        read(try open(harness), harness)
        #expect(try isProven(harness))
        try evict(1, harness)
        let busy = Busy(harness.store.hashers)
        read(try open(harness, .bounded(first: 524_288, last: 524_289)), harness)
        #expect(try !isProven(harness))
        busy.end()
        let whole = try open(harness)
        read(whole, harness)
        #expect(whole.bytes == Self.object)
        #expect(harness.engine.counters.digestMatches.current == 2)
        #expect(try isProven(harness))
    }

    private func hashedBytes(_ harness: EngineHarness) throws -> Int64? {
        harness.engine.table.find(try EngineHarness.key(1))?.handle { state, _ in state.machine.proof.digest?.position }
    }

    /// Looks again each time the hashing threads have had a turn.
    private func wait(for harness: EngineHarness, until isTrue: () throws -> Bool) throws {
        let deadline = ContinuousClock.now + .seconds(10)
        while try !isTrue() {
            guard ContinuousClock.now < deadline else {
                Issue.record("not within 10 s; hashed \(try hashedBytes(harness) ?? -1)")
                return
            }
            let turn = Signal(), isOver = Flag()
            harness.store.hashers.run {
                isOver.set()
                turn.notify()
            }
            _ = turn.wait(within: 1) { isOver.isSet ? true : nil }
        }
    }

    private func evict(_ piece: Int, _ harness: EngineHarness) throws {
        let file = FileName(key: try EngineHarness.key(1), generation: try harness.generation())
        guard
            case .evicting(let content, let evicted) = harness.engine.beginEviction(
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
