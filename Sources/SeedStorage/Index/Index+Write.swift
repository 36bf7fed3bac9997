import DragonflyIdentity
import HTTPSemantics
import SeedSupport

extension Index {
    /// What a commit came to.
    struct Committed {
        /// The generations that were replaced by newer ones. Their pieces are not recorded any more.
        var replaced: [FileName] = []
        /// Bytes of all records of tasks and aliases.
        var recordBytes: Int64 = 0
    }

    /// Writes a batch and the sums in one transaction.
    func apply(_ batch: PendingWrites) throws(LMDBError) -> Committed {
        try environment.write { transaction throws(LMDBError) -> Committed in
            var committed = Committed()
            var used = Int64(clamping: try MetaNumber.used.read(transaction, meta).value ?? 0)
            var records = Int64(clamping: try MetaNumber.records.read(transaction, meta).value ?? 0)
            for file in batch.removedFiles { used -= try remove(file, transaction, &records) }
            for task in batch.tasks.values {
                guard let old = try put(task, transaction, &records) else { continue }
                used -= try removePieces(of: old, transaction)
                committed.replaced.append(old)
            }
            for (key, isPinned) in batch.pins { try put(pin: isPinned, of: key, transaction, &records) }
            for (key, alias) in batch.aliases { try put(alias, for: key, transaction, &records) }
            for (file, pieces) in batch.pieces { used += try put(pieces.values, of: file, transaction) }
            for (key, time) in batch.uses { try put(use: time, of: key, transaction) }
            // A damaged record was counted when it was written and counts as 0 now, so these may end below zero.
            try MetaNumber.used.write(UInt64(max(used, 0)), transaction, meta)
            try MetaNumber.records.write(UInt64(max(records, 0)), transaction, meta)
            committed.recordBytes = max(records, 0)
            return committed
        }
    }

    /// - Returns: the older generation that it replaces.
    private func put(
        _ task: TaskRecord, _ transaction: Transaction, _ bytes: inout Int64
    ) throws(LMDBError) -> FileName? {
        let known = try self.task(task.key, transaction).value
        let key = task.key.bytes
        var record = task.following(known)
        if let known {
            // A late write for a generation that has been replaced.
            guard known.generation <= task.generation else { return nil }
            if known.wireID != task.wireID {
                try transaction.delete(known.wireID.tableKey, value: key, in: wire)
            }
            if known.generation < task.generation || known.sharedKey != task.sharedKey {
                try removeAliases(of: known, transaction, &bytes)
                record.aliases = []
            }
        }
        // The key has bytes of its own now.
        try write(nil, for: TaskAlias.tableKey(task.key), in: aliases, transaction, &bytes)
        if let name = task.sharedKey {
            if !record.aliases.contains(name) { record.aliases.append(name) }
            let tableKey = TaskAlias.tableKey(name)
            let alias = TaskAlias(to: task.file, fetchedAt: task.fetchedAt)
            try write(alias.encoded(for: tableKey), for: tableKey, in: aliases, transaction, &bytes)
        }
        try write(record.encoded(for: key), for: key, in: tasks, transaction, &bytes)
        try transaction.put(key, for: task.wireID.tableKey, in: wire)
        return known.flatMap { $0.generation < task.generation ? $0.file : nil }
    }

    private func put(
        pin isPinned: Bool, of key: StoreKey, _ transaction: Transaction, _ bytes: inout Int64
    ) throws(LMDBError) {
        guard var task = try self.task(key, transaction).value else { return }
        task.setPinned(isPinned)
        try write(task.encoded(for: key.bytes), for: key.bytes, in: tasks, transaction, &bytes)
    }

    /// Writes a record that counts, or deletes it.
    private func write(
        _ value: [UInt8]?, for key: [UInt8], in table: Table, _ transaction: Transaction, _ bytes: inout Int64
    ) throws(LMDBError) {
        bytes += Int64(value?.count ?? 0) - Int64(try transaction.get(key, in: table)?.count ?? 0)
        if let value {
            try transaction.put(value, for: key, in: table)
        } else {
            try transaction.delete(key, in: table)
        }
    }

    // MARK: Aliases

    /// An alias is recorded only while its generation may be shared, and with it, so that it goes when that goes.
    private func put(
        _ alias: TaskAlias, for key: StoreKey, _ transaction: Transaction, _ bytes: inout Int64
    ) throws(LMDBError) {
        guard var task = try self.task(alias.file.key, transaction).value, task.file == alias.file,
            let name = task.sharedKey, try self.task(key, transaction).value == nil
        else { return }
        let tableKey = TaskAlias.tableKey(key)
        try write(alias.encoded(for: tableKey), for: tableKey, in: aliases, transaction, &bytes)
        guard !task.aliases.contains(key) else { return }
        if task.aliases.count >= TaskAlias.mostPerTask, let oldest = task.aliases.firstIndex(where: { $0 != name }) {
            try removeAlias(task.aliases.remove(at: oldest), to: task.file, transaction, &bytes)
        }
        task.aliases.append(key)
        try write(task.encoded(for: task.key.bytes), for: task.key.bytes, in: tasks, transaction, &bytes)
    }

    private func removeAliases(
        of task: TaskRecord, _ transaction: Transaction, _ bytes: inout Int64
    ) throws(LMDBError) {
        for key in task.aliases { try removeAlias(key, to: task.file, transaction, &bytes) }
    }

    /// Unless it leads elsewhere meanwhile.
    private func removeAlias(
        _ key: StoreKey, to file: FileName, _ transaction: Transaction, _ bytes: inout Int64
    ) throws(LMDBError) {
        guard try alias(key, transaction).value?.file == file else { return }
        try write(nil, for: TaskAlias.tableKey(key), in: aliases, transaction, &bytes)
    }

    // MARK: Uses and pieces

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
    private func remove(
        _ file: FileName, _ transaction: Transaction, _ bytes: inout Int64
    ) throws(LMDBError) -> Int64 {
        let key = file.key.bytes
        if let task = try self.task(file.key, transaction).value, task.generation == file.generation {
            try removeAliases(of: task, transaction, &bytes)
            try write(nil, for: key, in: tasks, transaction, &bytes)
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
