import DragonflyIdentity
import HTTPSemantics
import SeedOrigin
import SeedStorage
import SeedSupport
import Testing

@testable import SeedEngine

/// The values that a task machine is made of, each by itself.
@Suite("The parts of a task machine")
struct TaskPartsTests {
    private static let block = BlockGrid.blockLength
    private let request = TaskRequest.of("http://origin/object")
    private let generation = Generation(
        epoch: 1, layout: PieceLayout(contentLength: 1 << 30, pieceLength: nil), validator: .etag("\"v1\""),
        headers: [:],
        fetchedAt: .epoch)

    private func map(pieces: [PieceRecord] = []) -> BlockMap {
        var map = BlockMap(grid: BlockGrid(PieceLayout(contentLength: 16 << 20, pieceLength: 4 << 20)))
        for piece in pieces { map.load(piece) }
        return map
    }

    private func span(
        _ range: ByteRange, _ purpose: FlightState.Purpose = .demand, _ priority: OriginPriority = .demand
    ) -> FlightState {
        FlightState(purpose: purpose, request: request, priority: priority, range: range, written: range.lowerBound)
    }

    // MARK: Fills

    @Test("A span that goes on where one broke off carries If-Range, once")
    func cuts() {
        var (fills, output) = (Fills(), TaskMachine.Output())
        fills.brokeOff(at: 100)
        for _ in 0..<2 { fills.launch(span: span(ByteRange(100, 200)), of: generation, &output) }
        let conditions = output.effects.compactMap { if case .start(let order) = $0 { order.condition } else { nil } }
        #expect(conditions == [generation.validator.resumeCondition, generation.validator.spanCondition])
    }

    @Test("What a flight claims ends with what was written, and begins no earlier than its range after a trim")
    func claims() {
        var (fills, output) = (Fills(), TaskMachine.Output())
        fills.launch(span: span(ByteRange(0, 1000)), of: generation, &output)
        fills.wrote(1, ByteRange(0, 300))
        #expect(fills.claims == [ByteRange(300, 1000)])
        fills.trim(1, to: 400, isSkipping: false, &output)
        // Bytes beyond the trim may still be on their way to the file.
        #expect(fills.claims == [ByteRange(300, 1000)] && fills[1]?.pending == ByteRange(300, 400))
        #expect(fills.mayWrite(into: ByteRange(900, 901)) && !fills.mayWrite(into: ByteRange(0, 300)))
        #expect(output.effects.last == .stop(1, at: 400))
        _ = fills.remove(1)
        #expect(fills.isEmpty)
    }

    @Test("A queueing prefetch makes room for what a client waits for; one that has begun is joined")
    func overtaken() {
        for (written, effect) in [
            (Int64(0), TaskMachine.Effect.stop(1, at: nil)), (Int64(1), .raise(1, .demand)),
        ] {
            var (fills, output) = (Fills(), TaskMachine.Output())
            fills.launch(span: span(ByteRange(0, 100), .completion, .prefetch), of: generation, &output)
            if written > 0 { fills.wrote(1, ByteRange(0, written)) }
            fills.overtake(at: 50, .demand, &output)
            #expect(output.effects.last == effect)
            fills.overtake(at: 200, .demand, &output)
            #expect(output.effects.count == 2)
        }
    }

    @Test("Failures of flights that were under way together count once, and one pause is asked for")
    func failures() {
        var (fills, output) = (Fills(), TaskMachine.Output())
        var limits = EngineConfiguration()
        limits.maxRetries = 1
        for start in [Int64(0), 100] {
            fills.launch(span: span(ByteRange(start, start + 100)), of: generation, &output)
        }
        output = TaskMachine.Output()
        for id in [1, 2] as [FlightID] {
            let isTried = fills.tryAgain(id, .later, now: .start, limits, &output)
            #expect(isTried)
        }
        #expect(fills.isBackingOff && output.effects.count == 1)
        fills.resumed()
        fills.launch(span: span(ByteRange(0, 100)), of: generation, &output)
        let tried = (
            fills.tryAgain(3, .later, now: .start, limits, &output),
            fills.tryAgain(4, .never, now: .start, limits, &output)
        )
        #expect(tried == (false, false))
    }

    // MARK: Completion

    @Test("Pieces that were read in part come first, everything only if a client wants it all; nothing twice")
    func completion() {
        var completion = Completion()
        let head = PieceRecord(
            number: 2, present: BlockSet(0..<4), checksums: [UInt32](repeating: 0, count: 16), createdAt: .epoch,
            updatedAt: .epoch)
        var blocks = map(pieces: [head])
        blocks.demanded(ByteRange(8 << 20, (8 << 20) + 4 * Self.block))
        #expect(!completion.isWanted)
        completion.touch(2)
        let first = completion.next(in: blocks, claimed: [], longest: 8 << 20)
        #expect(first?.span == ByteRange((8 << 20) + 4 * Self.block, 12 << 20) && first?.priority == .completion)
        let claimed = first.map { [$0.span] } ?? []
        let none = completion.next(in: blocks, claimed: claimed, longest: 8 << 20)
        #expect(none == nil)
        completion.wantAll()
        let second = completion.next(in: blocks, claimed: claimed, longest: 8 << 20)
        #expect(second?.span == ByteRange(0, 8 << 20) && second?.priority == .prefetch)
        completion.stop()
        #expect(!completion.isWanted)
    }

    // MARK: Audience

    @Test("An old generation stays for as long as a stream reads it")
    func departing() {
        var audience = Audience()
        var cursors = [Cursor(id: 1, spec: nil), Cursor(id: 2, spec: nil)]
        for index in cursors.indices {
            audience.begin()
            audience.enter()
            cursors[index].phase = .reading(epoch: 1, ByteRange(0, 10))
        }
        #expect(audience.hasReaders)
        audience.retire(epoch: 1, map(), withheldFrom: nil)
        #expect(!audience.hasReaders && audience.departingEpoch == 1)
        audience.leave(cursors[0], current: 2)
        #expect(audience.departing != nil)
        audience.leave(cursors[1], current: 2)
        #expect(audience.departing == nil && audience.departingEpoch == nil)
        audience.retire(epoch: 2, map(), withheldFrom: nil)
        #expect(audience.departing == nil, "nobody reads it")
    }

    @Test("The first stream that waits for its head leads, and one that wants bytes before one that doesn't")
    func leader() {
        var (audience, output) = (Audience(), TaskMachine.Output())
        let head = TaskRequest(key: request.key, wireID: request.wireID, url: request.url, wantsBody: false)
        for (id, request) in [(3, head), (5, request), (4, request)] as [(StreamID, TaskRequest)] {
            audience.awaitHead(Cursor(id: id, spec: nil), request, window: 1)
        }
        #expect(audience.leader == 4)
        audience.settle(4, .end, &output)
        audience.settle(5, .end, &output)
        #expect(audience.leader == 3 && output.effects == [.wake(4), .wake(5)])
        audience.settle(4, .wait, &output)
        #expect(audience[4]?.result == .end && output.effects.count == 2, "the first word counts")
        audience.wakeOpening(&output)
        #expect(audience[3]?.isAnswered == true && output.effects.last == .wake(3))
    }

    // MARK: Revalidation

    @Test("Three moves within a minute are unstable; the pause after an origin that was down ends")
    func moves() {
        var revalidation = Revalidation()
        for (after, isUnstable) in [(0, false), (10, false), (59, true), (61, false)] {
            if after < 60 { revalidation.noteMove(now: .start + .seconds(after)) }
            #expect(revalidation.isUnstable(now: .start + .seconds(after)) == isUnstable)
        }
        revalidation.serveStale(until: ClockReading.start.monotonic + .seconds(10))
        #expect(revalidation.isInGrace(.start + .seconds(9)) && !revalidation.isInGrace(.start + .seconds(10)))
        revalidation.becameKnown()
        #expect(!revalidation.isInGrace(.start))
    }

    @Test("One question at a time; what another flight ends is not it; doubt ends with the confirmation")
    func question() {
        var revalidation = Revalidation()
        revalidation.began(3)
        let ended = (revalidation.ended(2), revalidation.isRunning, revalidation.ended(3), revalidation.isRunning)
        #expect(ended == (false, true, true, false))
        revalidation.doubt()
        let confirmed = (revalidation.confirmed(), revalidation.confirmed())
        #expect(confirmed == (true, false) && !revalidation.isDoubted)
    }

    // MARK: Holdings

    @Test("Whole pieces are recorded soon, others when their flight is over; nothing twice")
    func records() {
        var holdings = Holdings()
        holdings.begin(map())
        for block in 0..<17 {
            let start = Int64(block) * Self.block
            let index = holdings.wrote(.init(range: ByteRange(start, start + Self.block), checksum: 0), spent: .zero)
            #expect(index == BlockIndex(piece: block / 16, block: block % 16))
        }
        let soon = holdings.takeRecords(isFlightOver: false, now: .epoch)
        #expect(soon.map(\.record.number) == [0, 1] && soon.map(\.isSoon) == [true, false])
        let late = [
            holdings.takeRecords(isFlightOver: true, now: .epoch),
            holdings.takeRecords(isFlightOver: true, now: .epoch),
        ]
        #expect(late.map { $0.map(\.record.number) } == [[1], []])
        let isEvicted = holdings.beginEviction(0)
        #expect(isEvicted && !holdings.isAtRest)
        holdings.evicted(0)
        #expect(holdings.isAtRest)
        holdings.end()
        #expect(holdings.blocks == nil)
    }

    // MARK: Proof

    @Test("The hash follows what is here; one that was started over does not count what was read before")
    func proof() {
        var proof = Proof()
        var blocks = map()
        proof.begin(nil, length: 16 << 20)
        var isCalled = proof.beginHashing(in: blocks)
        #expect(!isCalled, "there is nothing to compare with")
        proof.begin(Digest("sha256:" + String(repeating: "0", count: 64)), length: 16 << 20)
        isCalled = proof.beginHashing(in: blocks)
        #expect(!isCalled, "nothing is here")
        for block in 0..<2 {
            let start = Int64(block) * Self.block
            _ = blocks.wrote(.init(range: ByteRange(start, start + Self.block), checksum: 0))
        }
        let calls = (proof.beginHashing(in: blocks), proof.beginHashing(in: blocks))
        #expect(calls == (true, false), "one thread at a time")
        guard let (taken, range) = proof.take(in: blocks) else { Issue.record("nothing to hash"); return }
        #expect(range == ByteRange(0, 2 * Self.block) && proof.covers(0) && !proof.covers(2 * Self.block))
        var digest = taken
        [UInt8](repeating: 0, count: Int(range.count)).withUnsafeBytes { digest.add($0) }
        var restarted = proof
        restarted.begin(Digest("sha256:" + String(repeating: "0", count: 64)), length: 16 << 20)
        let late = restarted.hashed(digest)
        #expect(late == .superseded)
        let progress = proof.hashed(digest)
        #expect(progress == .left(ByteRange(2 * Self.block, 16 << 20)) && !proof.isHashing)
        #expect(proof.withheldFrom(blocks.grid) == (16 << 20) - Self.block)
        proof.end()
        #expect(proof.withheldFrom(blocks.grid) == nil)
    }

    // MARK: Whose request

    @Test("Nobody waits for more than four refusals, and a request that asks alike is no heir")
    func heirs() {
        var identity = FetchIdentity(request)
        let others = (0..<5).map { TaskRequest.of("http://origin/object", [.userAgent: "\($0)"]) }
        let first = identity.heir(of: request, among: [.of("http://origin/object"), others[0]])
        #expect(first === others[0])
        let heirs = (0..<4).map { identity.heir(of: others[$0], among: others) }
        // They are counted anew after the fourth.
        #expect(heirs == [others[1], others[2], nil, others[0]])
    }

    @Test("That an object is gone counts when it was said to nobody in particular, or to whom it was granted")
    func gone() {
        let own = TaskRequest.of("http://origin/object", [.userAgent: "a"])
        for (asked, isGone) in [(own, true), (request, true), (.of("http://origin/object", [.userAgent: "b"]), false)] {
            var identity = FetchIdentity(own)
            identity.began(as: own)
            identity.noteGone(OriginErrorResponse(status: 404, headers: [:], body: Bytes()), to: asked)
            #expect(identity.isGone == isGone)
            identity.confirmed(to: own)
            #expect(!identity.isGone)
        }
    }
}
