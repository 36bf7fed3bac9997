import DragonflyIdentity
import Glibc
import SeedSupport

/// Checks a store that is not open, and saves what a damaged one still holds.
package struct StoreRepair {
    private let directory: StoreDirectory
    /// Held as long as the value lives.
    private let lock: DirectoryLock

    /// Takes the directory.
    /// - Throws: when it is not a store, or a server is using it.
    package init(directory path: String) throws(StorageError) {
        directory = StoreDirectory(path: path)
        guard System.exists(directory.lock) else {
            throw StorageError(.unusableDirectory, "\(path) is no store: it has no file \(directory.lock)")
        }
        lock = try directory.prepare()
    }

    /// Reads everything and changes nothing.
    package func verify(progress: (_ done: Int64, _ total: Int64) -> Void) throws(StorageError) -> StoreReport {
        let file = try IndexFile(path: directory.indexFile)
        var records = RecordCollection()
        let isWhole = file.walk { records.add($0) }
        try checkFormat(records)
        var inspection = StoreInspection(directory)
        inspection.run(records, progress: progress)
        var report = inspection.report
        report.isIndexWhole = isWhole
        if !isWhole {
            report.note(
                "\(directory.indexFile): pages are damaged or missing; run `\(StorageError.repairCommand(directory.path))`"
            )
        }
        return report
    }

    /// Makes a new index from every record that can be read and whose blocks match their checksums. The old one is kept
    /// beside it as `index.damaged`.
    /// - Returns: what was found. The sums are of what was recorded; the bad parts of it are lost.
    package func repair(progress: (_ done: Int64, _ total: Int64) -> Void) throws(StorageError) -> StoreReport {
        var records = RecordCollection()
        var isWhole = false
        if System.exists(directory.indexFile) {
            let file = try IndexFile(path: directory.indexFile)
            isWhole = file.walk { _ in }
            file.salvage { records.add($0) }
        }
        try checkFormat(records)
        guard records.newer == 0 else {
            throw StorageError(
                .newerFormat, "\(directory.indexFile) has records of a later version: repair it with that version")
        }
        var inspection = StoreInspection(directory)
        inspection.run(records, progress: progress)
        try rebuild(inspection, records)
        var report = inspection.report
        report.isIndexWhole = isWhole
        return report
    }

    private func checkFormat(_ records: RecordCollection) throws(StorageError) {
        guard let format = records.format, format != Index.format else { return }
        guard format < Index.format else {
            throw StorageError(
                .newerFormat, "\(directory.indexFile) has format \(format): use the version that wrote it")
        }
        throw StorageError(
            .olderFormat,
            "\(directory.indexFile) has format \(format), of which this version can keep nothing: it reads \(Index.format). "
                + "A server of this version empties the store when it starts; an earlier version can still use it")
    }

    private func rebuild(_ inspection: StoreInspection, _ records: RecordCollection) throws(StorageError) {
        let fresh = directory.index + ".new"
        try Self.empty(fresh)
        try StoreDirectory.make(fresh)
        try Self.fill(fresh, inspection, records)
        let damaged = directory.index + ".damaged"
        try Self.empty(damaged)
        try? System.removeDirectory(damaged)
        do throws(Errno) {
            try System.rename(directory.index, to: damaged)
        } catch .noEntry {
        } catch {
            throw .file("move away", directory.index, error)
        }
        try StorageError.mapping("put in its place", fresh) { () throws(Errno) in
            try System.rename(fresh, to: directory.index)
        }
    }

    private static func fill(
        _ path: String, _ inspection: StoreInspection, _ records: RecordCollection
    ) throws(StorageError) {
        try Index.mapping { () throws(LMDBError) in
            let environment = try Environment(path: path, mapSize: 1 << 40)
            let index = try Index(fresh: environment, firstGeneration: inspection.highestGeneration + 1)
            for task in inspection.tasks {
                var batch = PendingWrites()
                // URLs that lead to it are recognized anew.
                var task = task
                task.aliases = []
                // An earlier record may have been found, from before bytes were fetched again.
                task.flags.remove(.proven)
                task.sharedKey = nil
                batch.put(task)
                for piece in inspection.pieces[task.file] ?? [] { batch.put(piece.record, of: task.file) }
                if let time = records.lastUses[task.key] { batch.put(use: time, of: task.key) }
                _ = try index.apply(batch)
            }
        }
    }

    /// Removes the two files of an index, if they are there.
    private static func empty(_ path: String) throws(StorageError) {
        for file in ["\(path)/data.mdb", "\(path)/lock.mdb"] {
            do throws(Errno) {
                try System.unlink(file)
            } catch  where [ENOENT, ENOTDIR].contains(error.code) {
            } catch {
                throw .file("delete", file, error)
            }
        }
    }
}

/// What a check of a whole store found, or what its repair saved.
package struct StoreReport: Sendable, Equatable, Codable {
    package var tasks = 0
    package var pieces = 0
    package var blocks = 0
    /// Bytes of all blocks with a record.
    package var bytes: Int64 = 0
    /// Every page of the index can be reached.
    package var isIndexWhole = true
    /// Blocks that do not match their checksum, or cannot be read.
    package var badBlocks = 0
    package var badBytes: Int64 = 0
    /// Tasks whose content file is gone.
    package var tasksWithoutFile = 0
    /// Records that are damaged, or do not fit their task.
    package var damagedRecords = 0
    /// Records that a later version of this program wrote.
    package var newerRecords = 0
    /// Content files that no record names; they are deleted at the next start.
    package var filesWithoutRecord = 0
    /// What is wrong, a line each; the first hundred.
    package var findings: [String] = []

    package init() {}

    /// Everything that was recorded is there.
    package var isSound: Bool {
        isIndexWhole && badBlocks == 0 && tasksWithoutFile == 0 && damagedRecords == 0 && newerRecords == 0
    }

    mutating func note(_ finding: String) {
        if findings.count < 100 { findings.append(finding) }
    }
}
