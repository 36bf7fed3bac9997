import DragonflyIdentity
import HTTPSemantics
import SeedSupport
import Synchronization

/// Makes room: takes pieces away, the least recently used first. Blocking; runs on the maintenance thread, so that no
/// request waits for it.
final class Evictor: Sendable {
    /// Pieces that are taken away with one commit.
    private static let groupSize = 64
    /// Pieces of earlier lives that are looked at for one group.
    private static let coldGroupSize = 512

    /// The order of eviction, and the tasks whose last use is not recorded yet.
    let recency: RecencyLog

    private let reader: IndexReader
    private let writer: IndexWriter
    private let content: ContentDirectory
    private let space: VolumeSpace
    private let threads: StoreThreads
    private let health: HealthRecorder
    private let logger: Logger

    /// How far the search for pieces that the recency log does not know has come.
    private let coldWalk = Lock(ColdWalk.at(nil))
    /// Files of tasks in memory that pieces were taken from since `removeEmptyTasks` looked.
    private let partlyEvicted = Lock<Set<FileName>>([])
    private let weakDelegate = Lock(WeakDelegate())
    private let isStopping = Atomic(false)

    private enum ColdWalk: Sendable {
        /// Behind this piece; nil at the start.
        case at(PieceName?)
        case finished
    }

    private struct WeakDelegate: Sendable {
        weak var delegate: (any EvictionDelegate)?
    }

    private typealias Victim = (name: PieceName, bytes: Int64)

    /// - Parameter policyMemory: bytes of memory for the order of eviction.
    init(
        reader: IndexReader, writer: IndexWriter, content: ContentDirectory, space: VolumeSpace, threads: StoreThreads,
        health: HealthRecorder, logger: Logger, policyMemory: Int
    ) {
        self.reader = reader
        self.writer = writer
        self.content = content
        self.space = space
        self.threads = threads
        self.health = health
        self.logger = logger
        recency = RecencyLog(memory: policyMemory)
    }

    /// Asked before anything of a task in memory is evicted. Not kept alive.
    var delegate: (any EvictionDelegate)? {
        get { weakDelegate.withLock { $0.delegate } }
        set { weakDelegate.withLock { $0.delegate = newValue } }
    }

    /// - Parameter wake: called, from any thread and often, when `evict` has something to do.
    func start(wake: @escaping @Sendable () -> Void) { space.whenExcess(wake) }

    /// Cuts a running eviction short and stops asking for others.
    func stop() {
        isStopping.store(true, ordering: .relaxed)
        space.whenExcess(nil)
    }

    // MARK: Choosing

    /// Evicts until the excess is gone.
    /// - Returns: false when nothing can go though something should.
    func evict() -> Bool {
        while !isStopping.load(ordering: .relaxed), case let excess = space.account.excess, excess > 0 {
            addColdPieces()
            let victims = recency.victims(worth: excess, limit: Self.groupSize)
            if victims.isEmpty {
                // Only records are left to take room.
                return removeEmptyTasks()
            }
            let evicting = Dictionary(grouping: victims, by: \.name.file).reduce(0) {
                $0 + evict($1.value, of: $1.key)
            }
            if evicting == 0 { return false }
            space.refresh()
            // What has no piece left still has a record.
            if space.account.excess > 0 { removeEmptyTasks() }
        }
        return true
    }

    /// Adds pieces to the log that were not used in this life. Within a group, those of the least recently read task
    /// go first.
    private func addColdPieces() {
        if recency.takeForgotten() { coldWalk.withLock { $0 = .at(nil) } }
        guard case .at(let last) = coldWalk.withLock({ $0 }) else { return }
        guard let index = try? reader.openIndex(), let found = try? index.pieces(after: last, limit: Self.coldGroupSize)
        else { return }
        coldWalk.withLock { $0 = found.last.map { .at($0.name) } ?? .finished }
        var lastUses: [StoreKey: Timestamp] = [:]
        for key in Set(found.map(\.name.file.key)) { lastUses[key] = try? index.lastUse(of: key) }
        func lastUse(_ name: PieceName) -> Timestamp { lastUses[name.file.key] ?? .epoch }
        recency.addColdest(found.sorted { lastUse($0.name) > lastUse($1.name) })
    }

    /// Evicts pieces of one file.
    /// - Returns: how many go, now or as soon as their leases are gone.
    private func evict(_ pieces: [Victim], of file: FileName) -> Int {
        let known: TaskRecord?
        do throws(StorageError) { known = try reader.task(file.key) } catch { return putBack(pieces) }
        guard let record = known, record.generation == file.generation else {
            return evictUnrecorded(file) ? pieces.count : putBack(pieces)
        }
        guard !record.flags.contains(.pinned) else { return putBack(pieces) }
        if record.isAllOrNothing { return evictTask(record) ? pieces.count : putBack(pieces) }
        let count = evict(pieces, of: record)
        health.update { $0.evictedPieces += count }
        return count
    }

    private func evict(_ pieces: [Victim], of record: TaskRecord) -> Int {
        var stored: [Victim] = []
        var begun: [Eviction] = []
        for piece in pieces {
            switch delegate?.beginEviction(of: piece.name) ?? .unknown {
            case .unknown: stored.append(piece)
            case .inUse: recency.putBack(piece.name, bytes: piece.bytes)
            case .evicting(let content, let evicted):
                let range = record.layout.range(of: piece.name.number)
                begun.append(
                    Eviction(content: content, piece: piece.name, range: range, bytes: piece.bytes, evicted: evicted))
            }
        }
        return finish(begun) + evictStored(stored, of: record)
    }

    /// Returns victims that cannot go now to the log. None of them goes.
    private func putBack(_ pieces: [Victim]) -> Int {
        for piece in pieces { recency.putBack(piece.name, bytes: piece.bytes) }
        return 0
    }

    // MARK: From a task in memory

    /// A piece that the delegate has taken out of its block map.
    private struct Eviction {
        let content: ContentFile
        let piece: PieceName
        let range: ByteRange
        let bytes: Int64
        let evicted: @Sendable () -> Void
    }

    /// Record first, then leases, then the pages (rule:published-immutable). When the records cannot be written for
    /// lack of room the pages go all the same: the checksums will tell (rule:verify-before-serving).
    private func finish(_ evictions: [Eviction]) -> Int {
        guard !evictions.isEmpty else { return 0 }
        for one in evictions { writer.put(.nothing(of: one.piece.number), of: one.piece.file, urgency: .soon) }
        writer.flush()
        for one in evictions {
            space.beginEviction(of: one.bytes)
            one.content.retire { [self] in
                let work: StoreThreads.Work = { [self] in punch(one) }
                if !threads.run(work) { one.evicted() }
            }
        }
        return evictions.count
    }

    private func punch(_ eviction: Eviction) {
        do throws(StorageError) {
            try eviction.content.punch(eviction.range, evicting: eviction.bytes)
        } catch {
            logger.warning("\(error); its room is found again when the files are measured")
        }
        eviction.evicted()
        partlyEvicted.withLock { _ = $0.insert(eviction.piece.file) }
    }

    /// Removes tasks in memory that have no piece left, unless they are in use. Not done when the last piece goes,
    /// because the file is still open then.
    /// - Returns: whether any went.
    @discardableResult
    func removeEmptyTasks() -> Bool {
        let files = partlyEvicted.withLock { files in
            defer { files = [] }
            return files
        }
        guard !files.isEmpty else { return false }
        var hasRemoved = false
        // So that pieces that were fetched again are counted.
        writer.flush()
        for file in files {
            guard !isStopping.load(ordering: .relaxed), let index = try? reader.openIndex(),
                let count = try? index.pieceCount(file), count == 0,
                let record = try? reader.task(file.key), record.generation == file.generation
            else { continue }
            if evictTask(record) {
                hasRemoved = true
            } else {
                partlyEvicted.withLock { _ = $0.insert(file) }
            }
        }
        return hasRemoved
    }

    // MARK: From a task that is not in memory

    private func evictStored(_ pieces: [Victim], of record: TaskRecord) -> Int {
        guard !pieces.isEmpty else { return 0 }
        guard content.claim(record.file) else { return putBack(pieces) }
        defer { content.unclaim(record.file) }
        // So that pieces whose records wait for their commit are counted.
        writer.flush()
        let known = (try? reader.openIndex().pieceCount(record.file)) ?? .max
        if pieces.count >= known {
            removeClaimed(record.file)
            return pieces.count
        }
        for piece in pieces { writer.put(.nothing(of: piece.name.number), of: record.file, urgency: .soon) }
        writer.flush()
        for piece in pieces { delegate?.evicted(piece.name) }
        do throws(StorageError) {
            try content.punch(record.file, pieces.map { record.layout.range(of: $0.name.number) })
        } catch {
            logger.warning("\(error); its room is found again when the files are measured")
        }
        return pieces.count
    }

    // MARK: Whole tasks

    /// Removes a whole task, unless it is in use or pinned.
    func evictTask(_ record: TaskRecord) -> Bool {
        !record.flags.contains(.pinned) && evictFile(record.file)
    }

    /// A file without a record is mostly gone already, but a record that was dropped while the index failed leaves one.
    private func evictUnrecorded(_ file: FileName) -> Bool { !content.exists(file) || evictFile(file) }

    private func evictFile(_ file: FileName) -> Bool {
        guard delegate?.forget(file.key) ?? true, content.claim(file) else { return false }
        defer { content.unclaim(file) }
        removeClaimed(file)
        return true
    }

    private func removeClaimed(_ file: FileName) {
        writer.remove(file)
        writer.flush()
        do throws(StorageError) {
            try content.unlink(file)
        } catch {
            logger.warning("\(error); the file is tried again at the next start")
        }
        delegate?.removed(file)
    }
}

extension TaskRecord {
    /// Evicted as a whole only: the missing part could not be fetched alone.
    fileprivate var isAllOrNothing: Bool { flags.contains(.singleResponse) || flags.contains(.noRanges) }
}
