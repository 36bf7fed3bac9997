import DragonflyIdentity
import SeedSupport

/// How far the deletion of orphaned files has come.
final class Sweep: Sendable {
    private let state = Monitor(State())

    private struct State {
        var isCancelled = false
        var isFinished = false
    }

    var isCancelled: Bool { state.withLock { $0.isCancelled } }

    func cancel() { state.signal { $0.isCancelled = true } }

    func finish() { state.signal { $0.isFinished = true } }

    /// Blocks until every directory has been swept or the sweep was cancelled.
    func waitUntilFinished() {
        state.wait { $0.isFinished || $0.isCancelled ? .go(()) : .wait(until: nil) }
    }
}

extension PieceStore {
    /// Removals that may wait for their commit at a time.
    private static let sweepGroup = 256

    /// Deletes content files of earlier lives that no record names. One of the 256 directories at a time, so that
    /// other work gets its turn on the threads.
    func startSweep(at shard: Int = 0) {
        guard shard < 256 else { return sweep.finish() }
        threads.run { [self] in
            guard !sweep.isCancelled else { return }
            sweepShard(shard)
            startSweep(at: shard + 1)
        }
    }

    private func sweepShard(_ shard: Int) {
        var removed = 0
        for file in content.files(inShard: shard) where isOrphan(file) && !sweep.isCancelled {
            writer.remove(file)
            removed += 1
            if removed % Self.sweepGroup == 0 { flush() }
        }
        if removed > 0 { logger.info("removed \(removed) content files without a record") }
    }

    /// When in doubt it is none: a file of this life may be waiting for its record, and an index that cannot be read
    /// proves nothing.
    private func isOrphan(_ file: FileName) -> Bool {
        guard let index = try? openIndex(), file.generation < index.firstGeneration else { return false }
        guard let reading = try? index.task(file.key), reading.newer == nil else { return false }
        return reading.records.first?.generation != file.generation
    }
}
