import DragonflyIdentity
import Glibc
import HTTPSemantics
import SeedSupport

/// Finding rot before a client does: blocks that were right when they were first touched (rule 10) may not be later.
extension PieceStore {
    /// Checks the next piece, block by block at the scrub's rate.
    /// - Returns: the piece it is done with, and the bytes read.
    func scrubNext(after last: PieceName?) -> (last: PieceName, bytes: Int64)? {
        guard let index = try? openIndex(), let next = try? index.pieces(after: last, limit: 1).first else {
            return nil
        }
        return (next.name, scrub(next.name))
    }

    /// - Returns: the bytes that were read.
    private func scrub(_ name: PieceName) -> Int64 {
        let (read, bad) = check(name)
        board.update { $0.scrubbedBytes += read }
        if !bad.isEmpty { report(bad, of: name) }
        return read
    }

    /// - Returns: the bytes that were read, and the blocks that are bad. The file is open no longer than that.
    private func check(_ name: PieceName) -> (read: Int64, bad: [Int]) {
        guard let record = try? task(name.file.key), record.generation == name.file.generation,
            let file = try? content.open(record.file)
        else { return (0, []) }
        // Before the record is read: what it tells of is not punched until this is let go of.
        let lease = file.lease()
        return withExtendedLifetime(lease) { check(name.number, of: record, in: file) }
    }

    private func check(_ number: Int, of record: TaskRecord, in file: ContentFile) -> (read: Int64, bad: [Int]) {
        let held = try? pieces(record.key, generation: record.generation, numbers: number..<number + 1)
        guard let piece = held?.first else { return (0, []) }
        var read: Int64 = 0
        var bad: [Int] = []
        for block in piece.present where !scrub.isStopping {
            let range = record.grid.range(of: BlockIndex(piece: number, block: block))
            if !file.isSound(range, checksum: piece.checksums[block]) { bad.append(block) }
            read += range.count
            scrub.pace(range.count)
        }
        return (read, bad)
    }

    private func report(_ bad: [Int], of name: PieceName) {
        logger.warning(
            "the scrub found \(bad.count) damaged blocks; they are fetched again when they are wanted",
            metadata: ["file": "\(content.path(of: name.file))", "piece": "\(name.number)"])
        board.update { $0.rottenBlocks += bad.count }
        let unheard = bad.filter {
            !(holder?.suspect(BlockIndex(piece: name.number, block: $0), of: name.file) ?? false)
        }
        if !unheard.isEmpty { forget(unheard, of: name) }
    }

    /// Takes blocks of a task that is not in memory out of their record.
    private func forget(_ blocks: [Int], of name: PieceName) {
        // In use meanwhile: its first touch tells (rule 10).
        guard content.claim(name.file) else { return }
        defer { content.unclaim(name.file) }
        let held = try? pieces(name.file.key, generation: name.file.generation, numbers: name.number..<name.number + 1)
        guard var piece = held?.first else { return }
        for block in blocks { piece.drop(block) }
        put(piece, of: name.file.key, generation: name.file.generation, urgency: .soon)
        flush()
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
