import DragonflyIdentity
import Glibc
import HTTPSemantics
import SeedSupport

/// Compares a closed store's records with its files.
struct StoreInspection {
    /// Called now and then with the bytes that were checked and the bytes in all.
    typealias Progress = (_ done: Int64, _ total: Int64) -> Void

    let directory: StoreDirectory
    private(set) var report = StoreReport()
    /// What is sound: the tasks that have a file, their pieces without the blocks that are bad.
    private(set) var tasks: [TaskRecord] = []
    private(set) var pieces: [FileName: [StoredPiece]] = [:]

    init(_ directory: StoreDirectory) {
        self.directory = directory
    }

    /// Reads every recorded block.
    mutating func run(_ records: RecordCollection, progress: Progress) {
        report.damagedRecords += records.damaged
        report.newerRecords += records.newer
        let total = records.tasks.values.reduce(0) { sum, task in
            sum + (records.pieces[task.file]?.values.reduce(0) { $0 + $1.heldBytes } ?? 0)
        }
        var done: Int64 = 0
        for task in records.tasks.values.sorted(by: { $0.key < $1.key }) {
            let held = (records.pieces[task.file] ?? [:]).values.sorted { $0.record.number < $1.record.number }
            inspect(task, held) { bytes in
                done += bytes
                progress(done, total)
            }
        }
        countFilesWithoutRecord(Set(records.tasks.values.map(\.file)))
    }

    private mutating func inspect(_ task: TaskRecord, _ held: [StoredPiece], _ checked: (Int64) -> Void) {
        report.tasks += 1
        let path = directory.path(of: task.file)
        let descriptor: CInt
        do throws(Errno) {
            descriptor = try System.open(path, O_RDONLY | O_NOFOLLOW)
        } catch {
            report.tasksWithoutFile += 1
            return report.note("\(path): \(error); all of the task is lost")
        }
        defer { System.close(descriptor) }
        let sound = soundParts(of: held, task, descriptor, path, checked)
        let lostSome = sound.reduce(0) { $0 + $1.heldBytes } < task.contentLength
        // What one response brought can't be completed from another.
        if task.flags.contains(.singleResponse), lostSome {
            return report.note("\(path): came in one answer and is not whole; all of the task is lost")
        }
        tasks.append(task)
        pieces[task.file] = sound
    }

    /// The pieces that fit the task and have a sound block, without their bad blocks.
    private mutating func soundParts(
        of held: [StoredPiece], _ task: TaskRecord, _ descriptor: CInt, _ path: String, _ checked: (Int64) -> Void
    ) -> [StoredPiece] {
        var sound: [StoredPiece] = []
        for piece in held {
            guard piece.record.fits(task.layout) else {
                report.damagedRecords += 1
                continue
            }
            report.pieces += 1
            let kept = inspect(piece, task.grid, descriptor, path)
            if !kept.record.present.isEmpty { sound.append(kept) }
            checked(piece.heldBytes)
        }
        return sound
    }

    /// The piece without its bad blocks.
    private mutating func inspect(
        _ piece: StoredPiece, _ grid: BlockGrid, _ descriptor: CInt, _ path: String
    ) -> StoredPiece {
        var record = piece.record
        for block in piece.record.present {
            let range = grid.range(of: BlockIndex(piece: record.number, block: block))
            report.blocks += 1
            report.bytes += range.count
            if Self.checksum(of: range, descriptor) == record.checksums[block] { continue }
            report.badBlocks += 1
            report.badBytes += range.count
            report.note("\(path): piece \(record.number), block \(block), bytes \(range): not what was stored")
            record.drop(block)
        }
        return StoredPiece(record: record, length: piece.length)
    }

    private static func checksum(of range: ByteRange, _ descriptor: CInt) -> UInt32? {
        withUnsafeTemporaryAllocation(byteCount: Int(range.count), alignment: 64) { buffer in
            let count = try? System.readAll(descriptor, buffer, at: range.lowerBound)
            guard count == buffer.count else { return nil }
            return Checksum.crc32(UnsafeRawBufferPointer(buffer))
        }
    }

    private mutating func countFilesWithoutRecord(_ known: Set<FileName>) {
        for shard in 0..<256 {
            for file in directory.contentFiles(inShard: shard) where !known.contains(file) {
                report.filesWithoutRecord += 1
                highestGeneration = max(highestGeneration, file.generation)
            }
        }
        highestGeneration = max(highestGeneration, known.map(\.generation).max() ?? 0)
    }

    /// Of all files and records: a repaired store goes on above it.
    private(set) var highestGeneration: UInt64 = 0
}
