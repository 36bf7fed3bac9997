import DragonflyIdentity
import SeedSupport

/// What the next commit writes: the newest value of each record, and the generations to remove.
struct PendingWrites {
    private(set) var tasks: [StoreKey: TaskRecord] = [:]
    private(set) var pieces: [FileName: [Int: PieceRecord]] = [:]
    /// When tasks were last read.
    private(set) var uses: [StoreKey: Timestamp] = [:]
    /// Tasks that are pinned or unpinned. Kept apart from their records, whose writers do not know it.
    private(set) var pins: [StoreKey: Bool] = [:]
    /// What leads to the bytes of other tasks.
    private(set) var aliases: [StoreKey: TaskAlias] = [:]
    /// In the order of the calls, for each key.
    private(set) var removals: [StoreKey: [UInt64]] = [:]

    /// Records and removals.
    private(set) var count = 0

    var isEmpty: Bool { count == 0 }

    /// The files of generations to remove.
    var removedFiles: [FileName] {
        removals.flatMap { key, generations in generations.map { FileName(key: key, generation: $0) } }
    }

    func isRemoved(_ file: FileName) -> Bool { removals[file.key]?.contains(file.generation) ?? false }

    /// A record of a generation to be removed, or older than the one that waits here, is ignored.
    mutating func put(_ task: TaskRecord) {
        guard !isRemoved(task.file) else { return }
        let known = tasks[task.key]
        if let known, known.generation > task.generation { return }
        if known == nil { count += 1 }
        tasks[task.key] = task
    }

    mutating func put(_ piece: PieceRecord, of file: FileName) {
        guard !isRemoved(file) else { return }
        if pieces[file, default: [:]].updateValue(piece, forKey: piece.number) == nil { count += 1 }
    }

    mutating func put(use time: Timestamp, of key: StoreKey) {
        if uses.updateValue(time, forKey: key) == nil { count += 1 }
    }

    mutating func put(pin isPinned: Bool, of key: StoreKey) {
        if pins.updateValue(isPinned, forKey: key) == nil { count += 1 }
    }

    mutating func put(_ alias: TaskAlias, for key: StoreKey) {
        if aliases.updateValue(alias, forKey: key) == nil { count += 1 }
    }

    mutating func remove(_ file: FileName) {
        guard !isRemoved(file) else { return }
        if tasks[file.key]?.generation == file.generation {
            tasks[file.key] = nil
            count -= 1
        }
        count += 1 - (pieces.removeValue(forKey: file)?.count ?? 0)
        removals[file.key, default: []].append(file.generation)
    }

    /// Merges a later batch into this one; its values win.
    mutating func absorb(_ later: PendingWrites) {
        later.removedFiles.forEach { remove($0) }
        later.tasks.values.forEach { put($0) }
        later.uses.forEach { put(use: $1, of: $0) }
        later.pins.forEach { put(pin: $1, of: $0) }
        later.aliases.forEach { put($1, for: $0) }
        for (file, pieces) in later.pieces {
            pieces.values.forEach { put($0, of: file) }
        }
    }

    func contains(_ piece: PieceRecord, of file: FileName) -> Bool { pieces[file]?[piece.number] != nil }
}
