import DragonflyIdentity
import SeedSupport

/// Deletes content files of earlier lives that no record names: once, after the start, on the store threads.
final class OrphanSweep: Sendable {
    /// Removals that may wait for their commit at a time.
    private static let groupSize = 256

    private struct State {
        var isCancelled = false
        var isFinished = false
    }

    private let state = Monitor(State())
    private let reader: IndexReader
    private let writer: IndexWriter
    private let content: ContentDirectory
    private let threads: StoreThreads
    private let logger: Logger

    init(
        reader: IndexReader, writer: IndexWriter, content: ContentDirectory, threads: StoreThreads, logger: Logger
    ) {
        self.reader = reader
        self.writer = writer
        self.content = content
        self.threads = threads
        self.logger = logger
    }

    /// Never blocks.
    func start() { sweep(from: 0) }

    func cancel() { state.signal { $0.isCancelled = true } }

    /// Blocks until every directory has been swept or the sweep was cancelled.
    func waitUntilFinished() {
        state.wait { $0.isFinished || $0.isCancelled ? .go(()) : .wait(until: nil) }
    }

    private var isCancelled: Bool { state.withLock { $0.isCancelled } }

    /// One of the 256 directories at a time, so that other work gets its turn on the threads.
    private func sweep(from shard: Int) {
        guard shard < 256 else { return state.signal { $0.isFinished = true } }
        threads.run { [self] in
            guard !isCancelled else { return }
            sweep(shard)
            sweep(from: shard + 1)
        }
    }

    private func sweep(_ shard: Int) {
        var removed = 0
        for file in content.files(inShard: shard) where isOrphan(file) && !isCancelled {
            writer.remove(file)
            removed += 1
            if removed % Self.groupSize == 0 { writer.flush() }
        }
        if removed > 0 { logger.info("removed \(removed) content files without a record") }
    }

    /// False when in doubt: a file of this life may be waiting for its record, and an index that cannot be read proves
    /// nothing.
    private func isOrphan(_ file: FileName) -> Bool {
        guard let index = try? reader.openIndex(), file.generation < index.firstGeneration else { return false }
        guard let reading = try? index.task(file.key), reading.newer == nil else { return false }
        return reading.records.first?.generation != file.generation
    }
}
