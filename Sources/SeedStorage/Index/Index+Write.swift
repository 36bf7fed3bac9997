import DragonflyIdentity
import HTTPSemantics
import SeedSupport

extension Index {
    /// Writes a batch and the space counter in one transaction.
    /// - Returns: the generations that were replaced by newer ones. Their pieces are not recorded any more.
    func apply(_ batch: PendingWrites) throws(LMDBError) -> [FileName] {
        try environment.write { transaction throws(LMDBError) -> [FileName] in
            var replaced: [FileName] = []
            var used = Int64(clamping: try MetaNumber.used.read(transaction, meta).value ?? 0)
            for file in batch.removedFiles { used -= try remove(file, transaction) }
            for task in batch.tasks.values {
                guard let old = try put(task, transaction) else { continue }
                used -= try removePieces(of: old, transaction)
                replaced.append(old)
            }
            for (key, isPinned) in batch.pins { try put(pin: isPinned, of: key, transaction) }
            for (file, pieces) in batch.pieces { used += try put(pieces.values, of: file, transaction) }
            for (key, time) in batch.uses { try put(use: time, of: key, transaction) }
            // A damaged record was counted when it was written and counts as 0 now, so this may end below zero.
            try MetaNumber.used.write(UInt64(max(used, 0)), transaction, meta)
            return replaced
        }
    }

    /// - Returns: the older generation that it replaces.
    private func put(_ task: TaskRecord, _ transaction: Transaction) throws(LMDBError) -> FileName? {
        let known = try self.task(task.key, transaction).value
        let key = task.key.bytes
        if let known {
            // A late write for a generation that has been replaced.
            guard known.generation <= task.generation else { return nil }
            if known.wireID != task.wireID {
                try transaction.delete(known.wireID.tableKey, value: key, in: wire)
            }
        }
        try transaction.put(task.following(known).encoded(for: key), for: key, in: tasks)
        try transaction.put(key, for: task.wireID.tableKey, in: wire)
        return known.flatMap { $0.generation < task.generation ? $0.file : nil }
    }

    private func put(pin isPinned: Bool, of key: StoreKey, _ transaction: Transaction) throws(LMDBError) {
        guard var task = try self.task(key, transaction).value else { return }
        task.setPinned(isPinned)
        try transaction.put(task.encoded(for: key.bytes), for: key.bytes, in: tasks)
    }

    /// A use of a task that is gone is not kept.
    private func put(use time: Timestamp, of key: StoreKey, _ transaction: Transaction) throws(LMDBError) {
        guard try task(key, transaction).value != nil else { return }
        try transaction.put(UseRecord.encode(time, key), for: key.bytes, in: uses)
    }

    /// Pieces are recorded only while the task's record names their generation, so a late write leaves none behind.
    /// - Returns: how many bytes more are held than before.
    private func put(
        _ records: some Collection<PieceRecord>, of file: FileName, _ transaction: Transaction
    ) throws(LMDBError) -> Int64 {
        guard let task = try self.task(file.key, transaction).value, task.generation == file.generation else {
            return 0
        }
        let layout = task.layout
        var added: Int64 = 0
        for record in records where record.present.isEmpty || record.fits(layout) {
            let key = PieceName(file: file, number: record.number).tableKey
            guard !record.present.isEmpty else {
                added -= try forget(key, transaction)
                continue
            }
            let piece = StoredPiece(record: record, length: layout.range(of: record.number).count)
            let known = StoredPiece.decode(try transaction.get(key, in: pieces), key: key).value
            try transaction.put(piece.encoded(for: key), for: key, in: pieces)
            added += piece.heldBytes - (known?.heldBytes ?? 0)
        }
        return added
    }

    /// Deletes the record of a piece.
    /// - Returns: the bytes that it held.
    private func forget(_ key: [UInt8], _ transaction: Transaction) throws(LMDBError) -> Int64 {
        let known = StoredPiece.decode(try transaction.get(key, in: pieces), key: key).value
        try transaction.delete(key, in: pieces)
        return known?.heldBytes ?? 0
    }

    /// Deletes the records of a generation.
    /// - Returns: the bytes that its pieces held.
    private func remove(_ file: FileName, _ transaction: Transaction) throws(LMDBError) -> Int64 {
        let key = file.key.bytes
        if let task = try self.task(file.key, transaction).value, task.generation == file.generation {
            try transaction.delete(key, in: tasks)
            try transaction.delete(task.wireID.tableKey, value: key, in: wire)
            try transaction.delete(key, in: uses)
        }
        return try removePieces(of: file, transaction)
    }

    /// Deletes the records of a generation's pieces.
    /// - Returns: the bytes that they held.
    private func removePieces(of file: FileName, _ transaction: Transaction) throws(LMDBError) -> Int64 {
        var keys: [[UInt8]] = []
        var held: Int64 = 0
        let prefix = file.piecePrefix
        try transaction.scan(pieces, from: prefix) { key, value in
            guard key.starts(with: prefix) else { return .stop }
            let key = [UInt8](key)
            keys.append(key)
            held += StoredPiece.decode([UInt8](value), key: key).value?.heldBytes ?? 0
            return .next
        }
        for key in keys { try transaction.delete(key, in: pieces) }
        return held
    }
}
