package import DragonflyIdentity
import SeedSupport
import Synchronization

/// Pieces in, pieces out, on disk: the index of what is held, and the content files.
///
/// Should be closed before it is let go: else that happens, blocking, on whichever thread lets it go last.
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

    let writer: IndexWriter
    let content: ContentDirectory
    let space: VolumeSpace
    let board: HealthBoard
    let logger: Logger
    let sweep = Sweep()
    let uses: UseLog
    let housekeeper: Housekeeper
    let scrub: Scrub
    let taskTTL: Duration?
    let now: @Sendable () -> Timestamp

    /// How far the search for pieces has come that the order of eviction does not know.
    let coldWalk = Lock(ColdWalk.at(nil))

    /// Files of tasks in memory that pieces were taken of since the last round.
    let thinned = Lock<Set<FileName>>([])

    enum ColdWalk: Sendable {
        /// Behind this piece; nil at the start.
        case at(PieceName?)
        case finished
    }

    private let attached = Lock(WeakHolder())

    private struct WeakHolder: Sendable {
        weak var holder: (any PieceHolder)?
    }

    /// Nil once the store is closed; who reads holds it until done, so the index closes after the last reader.
    private let index: Lock<Index?>
    private let nextGeneration: Atomic<UInt64>
    private let isClosed = Atomic(false)

    init(_ parts: Parts, logger: Logger) {
        self.logger = logger
        threads = parts.threads
        hashers = parts.hashers
        space = parts.space
        board = parts.board
        now = parts.now
        taskTTL = parts.configuration.taskTTL
        uses = UseLog(memory: parts.configuration.policyMemory)
        housekeeper = Housekeeper(interval: parts.configuration.interval)
        scrub = Scrub(rate: parts.configuration.scrubRate)
        let watch = ContentWatch(space: parts.space, board: parts.board, logger: logger)
        content = ContentDirectory(parts.directory, threads: parts.threads, watch: watch)
        index = Lock(parts.index)
        nextGeneration = Atomic(parts.index.firstGeneration)
        writer = IndexWriter(
            index: parts.index, pendingLimit: parts.configuration.pendingLimit, health: parts.board, logger: logger,
            onRemoved: { [content, threads, logger] files in
                Self.unlink(files, in: content, on: threads, logger)
            }, onVolumeFull: { [space] in space.refused($0) }, isVolumeFull: { [space] in space.isFull })
    }

    deinit { close() }

    /// What goes on beside the requests. Ends with `close`.
    func start() {
        startSweep()
        space.whenExcess { [housekeeper] in housekeeper.call() }
        housekeeper.start(
            Housekeeper.Chores(
                evict: { [weak self] in self?.evict() ?? true }, noteUses: { [weak self] in self?.noteUses() },
                round: { [weak self] in self?.round() }))
        scrub.start { [weak self] in self?.scrubNext(after: $0) }
    }

    /// Who keeps tasks in memory; asked before anything of theirs is evicted. Not kept alive by the store.
    package func attach(_ holder: any PieceHolder) {
        attached.withLock { $0.holder = holder }
    }

    var holder: (any PieceHolder)? { attached.withLock { $0.holder } }

    /// Records that are not on the disk yet. Never blocks.
    package var pendingRecords: Int { writer.pendingCount }

    /// How the store is doing. Never blocks.
    package var health: StorageHealth { board.current }

    /// Commits what is waiting, lets the threads finish their work, closes the index and gives the directory back.
    /// Blocking; not from a store thread. Content files that are still open can be read further. A second call does
    /// nothing.
    package func close() {
        guard !isClosed.exchange(true, ordering: .relaxed) else { return }
        sweep.cancel()
        space.whenExcess(nil)
        housekeeper.stop()
        scrub.stop()
        noteUses()
        hashers.shutdown()
        threads.shutdown()
        writer.stop()
        index.withLock { $0 = nil }
    }

    func openIndex() throws(StorageError) -> Index {
        guard let index = index.withLock({ $0 }) else { throw .closed }
        return index
    }

    private static func unlink(
        _ files: [FileName], in content: ContentDirectory, on threads: StoreThreads, _ logger: Logger
    ) {
        guard !files.isEmpty else { return }
        let work: StoreThreads.Work = {
            for file in files {
                do throws(StorageError) {
                    try content.unlink(file)
                } catch {
                    logger.warning("\(error); the file is tried again at the next start")
                }
            }
        }
        if !threads.run(work) { work() }
    }
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

    /// Tries again when descriptors had run out: the tasks that nobody uses give theirs. They are closed by other threads
    /// of the store, so it may be the next request that finds one.
    private func withDescriptors<Result>(
        _ body: () throws(StorageError) -> Result
    ) throws(StorageError) -> Result {
        do throws(StorageError) {
            return try body()
        } catch {
            guard error.kind == .tooManyFiles, let holder else { throw error }
            holder.forgetIdle()
            return try body()
        }
    }
}

// MARK: Space

extension PieceStore {
    /// Reserves room for `bytes` to be written: granted or refused at once (rule 19). Never blocks.
    package func reserve(_ bytes: Int64) -> Bool { space.reserve(bytes) }

    /// Gives a reservation back, once its bytes are written or will not be; in parts if one likes: until then, what is
    /// written counts twice. Never blocks.
    package func release(_ bytes: Int64) { space.release(bytes) }

    /// Bytes that `reserve` could grant at this moment. Never blocks.
    package var availableBytes: Int64 { space.account.available }

    /// Bytes that all content files take. Never blocks.
    package var contentBytes: Int64 { space.account.used }

    /// A client reads a piece: told once for each client and piece, it makes the order of eviction. Never blocks.
    /// - Parameter bytes: what the piece holds.
    package func used(_ key: StoreKey, generation: UInt64, piece: Int, bytes: Int64) {
        uses.use(
            PieceName(file: FileName(key: key, generation: generation), number: piece), bytes: bytes, now: now())
    }
}
