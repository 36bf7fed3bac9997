package import DragonflyIdentity
import SeedSupport
import Synchronization

/// Pieces in, pieces out, on disk: records, content files and room for more.
///
/// What else goes on belongs to `Evictor` and `Maintenance`. Close a store before its last reference goes: otherwise
/// `deinit` does it, blocking, on whatever thread that is.
package final class PieceStore: Sendable {
    /// How soon a piece's record is committed.
    package enum Urgency: Sendable {
        /// Within 10 ms.
        case soon
        /// With the next commit, at the latest after 2 s.
        case lazy
    }

    /// The store's own threads, for all its blocking calls.
    package let threads: StoreThreads

    /// Threads for hashing whole objects, so that no read or write ever queues behind that.
    package let hashers: StoreThreads

    let reader: IndexReader
    let writer: IndexWriter
    let content: ContentDirectory
    let space: VolumeSpace
    let evictor: Evictor
    let maintenance: Maintenance
    let now: @Sendable () -> Timestamp
    private let healthRecorder: HealthRecorder
    private let nextGeneration: Atomic<UInt64>
    private let isClosed = Atomic(false)

    init(_ parts: Parts) {
        threads = parts.threads
        hashers = parts.hashers
        reader = parts.reader
        writer = parts.writer
        content = parts.content
        space = parts.space
        evictor = parts.evictor
        maintenance = parts.maintenance
        now = parts.now
        healthRecorder = parts.health
        nextGeneration = Atomic(parts.firstGeneration)
    }

    deinit { close() }

    /// Sets the delegate, which is asked before anything of a task in memory is evicted. The store keeps no strong
    /// reference.
    package func attach(_ delegate: any EvictionDelegate) { evictor.delegate = delegate }

    /// How the store is doing. Never blocks.
    package var health: StorageHealth { healthRecorder.current }

    /// Commits what is waiting, lets the threads finish their work, closes the index and gives the directory back.
    /// Blocking; not from a store thread. Content files that are still open can be read further. A second call does
    /// nothing.
    package func close() {
        guard !isClosed.exchange(true, ordering: .relaxed) else { return }
        maintenance.stop()
        hashers.shutdown()
        threads.shutdown()
        writer.stop()
        reader.close()
    }
}

// MARK: Reading records. Blocking; store threads only. Each read sees what was put before, committed or not.

extension PieceStore {
    /// The record of a task's current generation.
    package func task(_ key: StoreKey) throws(StorageError) -> TaskRecord? { try reader.task(key) }

    /// Where the bytes of a URL or of a shared name are under another key, with the record of their task; nil unless that is
    /// held and may be shared. A name is found once its task is committed.
    package func alias(_ key: StoreKey) throws(StorageError) -> (alias: TaskAlias, task: TaskRecord)? {
        try reader.alias(key)
    }

    /// The records of the pieces `numbers` of a generation, in rising order; pieces without a record are left out.
    package func pieces(
        _ key: StoreKey, generation: UInt64, numbers: Range<Int>
    ) throws(StorageError) -> [PieceRecord] {
        try reader.pieces(FileName(key: key, generation: generation), numbers)
    }

    /// The committed tasks that have this wire id: mostly one, since only their store keys tell tasks apart.
    package func tasks(wireID: TaskID) throws(StorageError) -> [StoreKey] {
        try reader.read { index throws(LMDBError) in try index.tasks(wireID: wireID) }
    }

    /// Committed tasks.
    package func taskCount() throws(StorageError) -> Int {
        try reader.read { index throws(LMDBError) in try index.taskCount() }
    }

    /// Bytes of all blocks with a committed record.
    package func usedBytes() throws(StorageError) -> Int64 {
        try reader.read { index throws(LMDBError) in try index.usedBytes() }
    }
}

// MARK: Writing records. Never blocks, unless it says so.

extension PieceStore {
    /// Records a task; committed within 10 ms. A record of an older generation than the known one is ignored; one of a
    /// newer generation replaces it, with its pieces and its file. A known task stays pinned.
    package func put(_ task: TaskRecord) { writer.put(task) }

    /// Records a piece. Written only if the task's record, put before it or known, names the same generation.
    package func put(_ piece: PieceRecord, of key: StoreKey, generation: UInt64, urgency: Urgency) {
        let file = FileName(key: key, generation: generation)
        evictor.recency.hold(piece, of: file)
        writer.put(piece, of: file, urgency: urgency)
    }

    /// Records that a URL's bytes are another task's; committed within 2 s. It holds as long as that is there and may be
    /// shared; of more than 63 for one task the first goes.
    package func put(_ alias: TaskAlias, for key: StoreKey) { writer.put(alias, for: key) }

    /// Keeps a task from being evicted and from expiring, or lets go of it again. Blocking.
    /// - Returns: false when there is no such task.
    package func pin(_ key: StoreKey, _ isPinned: Bool) throws(StorageError) -> Bool {
        guard try reader.task(key) != nil else { return false }
        writer.put(pin: isPinned, of: key)
        return true
    }

    /// Removes all records of a generation in one transaction, then its content file. Readers that have the file open
    /// are not affected.
    package func remove(_ key: StoreKey, generation: UInt64) {
        writer.remove(FileName(key: key, generation: generation))
    }

    /// Waits until everything put before is committed. Blocking.
    /// - Returns: false when the commit failed; `health` says why, and it is tried again.
    @discardableResult
    package func flush() -> Bool { writer.flush() }

    /// Records that are not on the disk yet.
    package var pendingRecords: Int { writer.pendingCount }
}

// MARK: Content files

extension PieceStore {
    /// The content file of a record. Blocking.
    /// - Throws: `.missing` when it is gone.
    package func openContent(_ key: StoreKey, generation: UInt64) throws(StorageError) -> ContentFile {
        try withDescriptors { () throws(StorageError) in try content.open(FileName(key: key, generation: generation)) }
    }

    /// An empty content file under a generation counter that this key never had. Blocking.
    package func createContent(_ key: StoreKey) throws(StorageError) -> ContentFile {
        while true {
            let generation = nextGeneration.wrappingAdd(1, ordering: .relaxed).oldValue
            let name = FileName(key: key, generation: generation)
            let made = try withDescriptors { () throws(StorageError) in try content.create(name) }
            if let made { return made }
        }
    }

    /// Tries again when descriptors had run out, after the idle tasks have released theirs. Other threads of the store
    /// close them, so it may be the next request that finds one.
    private func withDescriptors<Result>(
        _ body: () throws(StorageError) -> Result
    ) throws(StorageError) -> Result {
        do throws(StorageError) {
            return try body()
        } catch {
            guard error.kind == .tooManyFiles, let delegate = evictor.delegate else { throw error }
            delegate.forgetIdle()
            return try body()
        }
    }
}

// MARK: Room. Never blocks.

extension PieceStore {
    /// Reserves room for `bytes` to be written: granted or refused at once (rule:reserve-before-fetch).
    package func reserve(_ bytes: Int64) -> Bool { space.reserve(bytes) }

    /// Gives a reservation back, in whole or in parts, once its bytes are written or will not be. Until then what is
    /// written counts twice.
    package func release(_ bytes: Int64) { space.release(bytes) }

    /// Bytes that `reserve` could grant at this moment.
    package var availableBytes: Int64 { space.account.available }

    /// Bytes that all content files take.
    package var contentBytes: Int64 { space.account.used }

    /// Bytes of the records of tasks and aliases, which count as room taken.
    package var recordBytes: Int64 { space.account.records }

    /// A client reads a piece. Reported once for each client and piece; the order of eviction follows from it.
    /// - Parameter bytes: what the piece holds.
    package func used(_ key: StoreKey, generation: UInt64, piece: Int, bytes: Int64) {
        let name = PieceName(file: FileName(key: key, generation: generation), number: piece)
        evictor.recency.use(name, bytes: bytes, now: now())
    }
}
