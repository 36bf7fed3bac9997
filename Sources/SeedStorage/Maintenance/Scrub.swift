import DragonflyIdentity
import Glibc
import HTTPSemantics
import SeedSupport

/// Finds rot before a client does: blocks that were right when they were first touched (rule:verify-before-serving) may
/// not be later. Reads the whole store, at a bounded rate, over and over.
final class Scrub: Sendable {
    private let thread: ScrubThread
    private let reader: IndexReader
    private let writer: IndexWriter
    private let content: ContentDirectory
    private let evictor: Evictor
    private let health: HealthRecorder
    private let logger: Logger

    /// - Parameter rate: bytes a second; 0 reads nothing.
    init(
        rate: Int64, reader: IndexReader, writer: IndexWriter, content: ContentDirectory, evictor: Evictor,
        health: HealthRecorder, logger: Logger
    ) {
        thread = ScrubThread(rate: rate)
        self.reader = reader
        self.writer = writer
        self.content = content
        self.evictor = evictor
        self.health = health
        self.logger = logger
    }

    func start() { thread.start { self.checkPiece(after: $0) } }

    /// Ends the thread. Blocking.
    func stop() { thread.stop() }

    /// Checks the next piece, block by block at the scrub's rate.
    /// - Returns: the piece that was checked, and the bytes read; nil at the end.
    func checkPiece(after last: PieceName?) -> (last: PieceName, bytes: Int64)? {
        guard let index = try? reader.openIndex(), let next = try? index.pieces(after: last, limit: 1).first else {
            return nil
        }
        let (read, bad) = check(next.name)
        health.update { $0.scrubbedBytes += read }
        if !bad.isEmpty { report(bad, of: next.name) }
        return (next.name, read)
    }

    // MARK: Reading

    /// - Returns: the bytes that were read, and the blocks that are bad. The file is open no longer than that.
    private func check(_ name: PieceName) -> (read: Int64, bad: [Int]) {
        guard let record = try? reader.task(name.file.key), record.generation == name.file.generation,
            let file = try? content.open(record.file)
        else { return (0, []) }
        // Before the record is read: nothing that it names is punched while the lease is held.
        let lease = file.lease()
        return withExtendedLifetime(lease) { check(name.number, of: record, in: file) }
    }

    private func check(_ number: Int, of record: TaskRecord, in file: ContentFile) -> (read: Int64, bad: [Int]) {
        let held = try? reader.pieces(record.file, number..<number + 1)
        guard let piece = held?.first else { return (0, []) }
        var read: Int64 = 0
        var bad: [Int] = []
        for block in piece.present where !thread.isStopping {
            let range = record.grid.range(of: BlockIndex(piece: number, block: block))
            if !file.isSound(range, checksum: piece.checksums[block]) { bad.append(block) }
            read += range.count
            thread.pace(range.count)
        }
        return (read, bad)
    }

    // MARK: What was found

    private func report(_ bad: [Int], of name: PieceName) {
        logger.warning(
            "the scrub found \(bad.count) damaged blocks; they are fetched again when they are wanted",
            metadata: ["file": "\(content.path(of: name.file))", "piece": "\(name.number)"])
        health.update { $0.rottenBlocks += bad.count }
        let delegate = evictor.delegate
        let stored = bad.filter {
            !(delegate?.suspect(BlockIndex(piece: name.number, block: $0), of: name.file) ?? false)
        }
        if !stored.isEmpty { forget(stored, of: name) }
    }

    /// Takes blocks of a task that is not in memory out of their record.
    private func forget(_ blocks: [Int], of name: PieceName) {
        // In use meanwhile: the next first touch will tell (rule:verify-before-serving).
        guard content.claim(name.file) else { return }
        defer { content.unclaim(name.file) }
        let held = try? reader.pieces(name.file, name.number..<name.number + 1)
        guard var piece = held?.first else { return }
        for block in blocks { piece.drop(block) }
        evictor.recency.hold(piece, of: name.file)
        writer.put(piece, of: name.file, urgency: .soon)
        writer.flush()
    }
}

extension ContentFile {
    /// Compares a block with its checksum, and leaves the page cache as it was.
    fileprivate func isSound(_ range: ByteRange, checksum wanted: UInt32) -> Bool {
        let wasResident = isResident(range)
        let found = try? checksum(of: range)
        if !wasResident {
            posix_fadvise(file.descriptor, off_t(range.lowerBound), off_t(range.count), POSIX_FADV_DONTNEED)
        }
        return found == wanted
    }
}

/// The scrub's thread and its rate.
final class ScrubThread: Sendable {
    /// After the last piece, before the first again.
    private static let rest = Duration.seconds(60)

    /// Checks what comes after a piece.
    /// - Returns: what was checked and how many bytes were read; nil at the end.
    typealias Step = @Sendable (PieceName?) -> (last: PieceName, bytes: Int64)?

    private struct State {
        var isStopping = false
        /// No burst capacity: missed time is not made up for.
        var bytes: TokenBucket
    }

    private let state: Monitor<State>
    private let rate: Int64
    private let thread = Monitor<PlatformThread?>(nil)

    /// - Parameter rate: bytes a second; 0 reads nothing.
    init(rate: Int64) {
        self.rate = rate
        state = Monitor(State(bytes: TokenBucket(rate: Double(max(rate, 1)), capacity: 0, now: .now())))
    }

    var isStopping: Bool { state.withLock { $0.isStopping } }

    func start(_ step: @escaping Step) {
        guard rate > 0 else { return }
        thread.withLock { $0 = PlatformThread(name: "store-scrub") { self.run(step) } }
    }

    /// Ends the thread. Blocking.
    func stop() {
        state.signal { $0.isStopping = true }
        thread.withLock { $0.take() }?.join()
    }

    private func run(_ step: Step) {
        var last: PieceName?
        while !isStopping {
            last = step(last)?.last
            if last == nil { wait(Self.rest) }
        }
    }

    /// Waits for as long as these bytes may take, counted from the end of the last wait. Cut short by `stop`.
    func pace(_ bytes: Int64) {
        guard rate > 0 else { return }
        wait(state.withLock { $0.bytes.take(Double(bytes), now: .now()) })
    }

    private func wait(_ duration: Duration) {
        let end = MonotonicTime.now() + duration
        state.wait { state in
            state.isStopping || MonotonicTime.now() >= end ? .go(()) : .wait(until: end)
        }
    }
}
