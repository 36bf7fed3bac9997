import HTTPSemantics
import HTTPTransfers
import Testing

@testable import DragonflyRequest

@Suite("What is kept of a response, and when its reader is woken")
struct ResponseIntakeTests {
    private static func receive(
        _ count: Int, _ intake: inout ResponseIntake, room: Int64 = .max
    ) -> TransferIntake {
        [UInt8](repeating: 7, count: count).withUnsafeBytes { intake.receive($0, room: room) }
    }

    private static func head(_ status: Int = 200, length: Int? = nil, chunked: Bool = false) -> TransferHead {
        var head = TransferHead(status: status)
        if let length { head.fields[.contentLength] = "\(length)" }
        if chunked { head.fields[.transferEncoding] = "chunked" }
        return head
    }

    @Test("A mebibyte waits, then the sender; all of it is read at once")
    func watermark() {
        var intake = ResponseIntake(gathers: false)
        #expect(!intake.has(.head))
        intake.receive(Self.head())
        #expect(intake.has(.head) && !intake.has(.bytes(1)))
        for _ in 0..<64 {
            let response = Self.receive(16 << 10, &intake)
            #expect(response == .taken)
        }
        #expect(intake.has(.bytes(1 << 20)) && !intake.isPaused)
        let response = Self.receive(1, &intake)
        #expect(response == .pause)
        #expect(intake.isPaused && intake.waiting == 1 << 20, "the byte that was refused comes again")
        let chunks = intake.takeChunks()
        #expect(chunks.map(\.count) == Array(repeating: 64 << 10, count: 16), "and in few chunks")
        #expect(!intake.isPaused && intake.waiting == 0)
        let next = Self.receive(1, &intake)
        #expect(next == .taken)
    }

    @Test(
        "Where much waits for other readers less does for this one, who is woken when the sender has to wait",
        arguments: [(64 << 20, 1 << 20), (8 << 20, 256 << 10), (0, 4 << 10), (-1 << 30, 4 << 10)])
    func littleRoom(room: Int64, limit: Int) {
        var intake = ResponseIntake(gathers: false)
        intake.receive(Self.head())
        var count = 0
        while Self.receive(4 << 10, &intake, room: room) == .taken { count += 4 << 10 }
        #expect(count == limit && intake.waiting == limit)
        #expect(intake.has(.bytes(1 << 20)), "or a reader that waits for more would wait for ever")
        let chunks = intake.takeChunks()
        #expect(chunks.reduce(0) { $0 + $1.count } == limit && !intake.isPaused)
    }

    /// Which bodies are gathered: status, length, whether in chunks, whether they are wanted whole.
    private static let bodies: [(head: TransferHead, wantsAll: Bool, isGathered: Bool)] = [
        (head(length: 0), true, true), (head(206, length: 4 << 20), true, true),
        (head(length: 4 << 20 + 1), true, false), (head(), true, false), (head(length: 5, chunked: true), true, false),
        (head(length: 5), false, false), (head(404), false, true), (head(302, length: 1 << 30), true, true),
    ]

    @Test("Bodies of a known length up to 4 MiB that are wanted whole are gathered, and all refusals", arguments: 0..<8)
    func gathers(index: Int) {
        let (head, wantsAll, isGathered) = Self.bodies[index]
        var intake = ResponseIntake(gathers: wantsAll)
        intake.receive(head)
        #expect(intake.has(.head) == !isGathered, "the reader of a gathered body hears of its end first")
        let response = Self.receive(3, &intake)
        #expect(response == .taken)
        #expect(intake.waiting == (isGathered ? 0 : 3))
        _ = intake.finish(.complete)
        #expect(intake.has(.head))
        let gathered = intake.takeGathered()
        #expect(gathered.count == (isGathered ? 3 : 0))
        let chunks = intake.takeChunks()
        #expect(chunks.map(\.count) == (isGathered ? [] : [3]))
    }

    @Test("A length that is only claimed costs no memory, and what comes is moved a few times")
    func claimedLength() {
        var intake = ResponseIntake(gathers: true)
        intake.receive(Self.head(length: 4 << 20))
        _ = Self.receive(1, &intake)
        let byte = intake.takeGathered()
        #expect(byte.count == 1 && byte.capacity < 128 << 10)
        var body: [UInt8] = []
        var moves = 0
        for _ in 0..<256 {
            let before = body.capacity
            body.makeRoom(for: 16 << 10, expecting: 4 << 20)
            body.append(contentsOf: repeatElement(7, count: 16 << 10))
            if body.capacity != before { moves += 1 }
        }
        #expect(body.count == 4 << 20 && moves <= 5, "\(moves) moves")
    }

    @Test("A gathered body that is read in chunks comes as one chunk")
    func gatheredAsChunk() {
        var intake = ResponseIntake(gathers: true)
        intake.receive(Self.head(length: 3))
        _ = Self.receive(3, &intake)
        let chunks = (intake.takeChunks(), intake.takeChunks())
        #expect(chunks.0.map(\.count) == [3] && chunks.1.isEmpty)
    }

    @Test("64 KiB of a refusal are enough, however they are cut", arguments: [1, 7, 16 << 10, 64 << 10, 1 << 20])
    func refusals(size: Int) {
        var intake = ResponseIntake(gathers: false)
        intake.receive(Self.head(503))
        var intakes: [TransferIntake] = []
        while intakes.last != .stop, intakes.count <= 64 << 10 { intakes.append(Self.receive(size, &intake)) }
        #expect(intakes.count == (65_536 + size - 1) / size)
        #expect(intakes.dropLast().allSatisfy { $0 == .taken } && intakes.last == .stop)
        let message = intake.takeGathered()
        #expect(message.count == 64 << 10)
    }

    @Test("Only the first end counts, and what came before it is still read")
    func ends() {
        var intake = ResponseIntake(gathers: false)
        intake.receive(Self.head())
        _ = Self.receive(5, &intake)
        #expect(!intake.has(.bytes(6)) && !intake.has(.end))
        let counts = (intake.finish(.failed(.cancelled)), intake.finish(.complete))
        #expect(counts == (true, false))
        #expect(intake.end == .failed(.cancelled) && intake.has(.bytes(6)) && intake.has(.end))
        let chunks = intake.takeChunks()
        #expect(chunks.map(\.count) == [5])
    }
}
