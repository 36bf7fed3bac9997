import DragonflyIdentity

extension Index {
    /// Writes a batch and the space counter in one transaction.
    func apply(_ batch: PendingWrites) throws(LMDBError) {
        try environment.write { transaction throws(LMDBError) in
            var used = Int64(clamping: try MetaNumber.used.read(transaction, meta).value ?? 0)
            for file in batch.removedFiles { used -= try remove(file, transaction) }
            for task in batch.tasks.values { try put(task, transaction) }
            for (file, pieces) in batch.pieces { used += try put(pieces.values, of: file, transaction) }
            for (key, time) in batch.uses { try put(use: time, of: key, transaction) }
            // A record that was found damaged was counted once and is not any more, so this may end below zero.
            try MetaNumber.used.write(UInt64(max(used, 0)), transaction, meta)
        }
    }

    private func put(_ task: TaskRecord, _ transaction: Transaction) throws(LMDBError) {
        if let known = try self.task(task.key, transaction).value {
            // A late write for a generation that has been replaced.
            guard known.generation <= task.generation else { return }
            if known.wireID != task.wireID {
                try transaction.delete(known.wireID.tableKey, value: task.key.bytes, in: wire)
            }
        }
        let key = task.key.bytes
        try transaction.put(task.encoded(for: key), for: key, in: tasks)
        try transaction.put(key, for: task.wireID.tableKey, in: wire)
    }

    /// Pieces are recorded only while the task's record names their generation, so none is left behind by a late write.
    /// - Returns: the bytes that are held more than before.
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
