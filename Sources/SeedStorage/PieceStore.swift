package import DragonflyIdentity
import Logging
import Synchronization

/// Pieces in, pieces out, on disk: the index of what is held, and the content files.
///
/// Must be closed before it is let go.
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

    let writer: IndexWriter
    let content: ContentDirectory
    let space: VolumeSpace
    let board = HealthBoard()
    let logger: Logger
    let sweep = Sweep()

    /// Nil once the store is closed; who reads holds it until done, so the index closes after the last reader.
    private let index: Mutex<Index?>
    private let nextGeneration: Atomic<UInt64>

    init(_ parts: Parts, logger: Logger) {
        self.logger = logger
        threads = parts.threads
        space = parts.space
        content = ContentDirectory(root: parts.directory.content, threads: parts.threads)
        index = Mutex(parts.index)
        nextGeneration = Atomic(parts.index.firstGeneration)
        writer = IndexWriter(
            index: parts.index, pendingLimit: parts.pendingLimit, health: board, logger: logger,
            onRemoved: { [content, threads, logger] files in
                Self.unlink(files, in: content, on: threads, logger)
            })
    }

    /// How the store is doing. Never blocks.
    package var health: StorageHealth { board.current }

    /// Commits what is waiting, lets the threads finish their work, closes the index and gives the directory back.
    /// Blocking; not from a store thread. Content files that are still open can be read further.
    package func close() {
        sweep.cancel()
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
        try content.open(FileName(key: key, generation: generation))
    }

    /// An empty content file under a generation counter that this key never had. Blocking.
    package func createContent(_ key: StoreKey) throws(StorageError) -> ContentFile {
        while true {
            let generation = nextGeneration.wrappingAdd(1, ordering: .relaxed).oldValue
            if let file = try content.create(FileName(key: key, generation: generation)) { return file }
        }
    }
}

// MARK: Space

extension PieceStore {
    /// Reserves room for `bytes` to be written: granted or refused at once (rule 19). Never blocks.
    package func reserve(_ bytes: Int64) -> Bool { space.reserve(bytes) }

    /// Gives a reservation back, once its bytes are written or will not be. Never blocks.
    package func release(_ bytes: Int64) { space.release(bytes) }

    /// Bytes that `reserve` could grant at this moment. Never blocks.
    package var availableBytes: Int64 { space.available }
}
