import DragonflyIdentity
import HTTPSemantics
import SeedSupport

/// Making room: piece by piece, on the housekeeper's thread, so that no request waits for it.
extension PieceStore {
    /// Pieces that are taken away with one commit.
    private static let group = 64
    /// Pieces of earlier lives that are looked at for one group.
    private static let coldGroup = 512

    /// Evicts until the excess is gone.
    /// - Returns: false when nothing can go though something should.
    func evict() -> Bool {
        while !housekeeper.isStopping, case let excess = space.account.excess, excess > 0 {
            introduceColdPieces()
            let victims = uses.victims(worth: excess, limit: Self.group)
            if victims.isEmpty { return false }
            let leaving = Dictionary(grouping: victims, by: \.name.file).reduce(0) {
                $0 + dismiss($1.value, of: $1.key)
            }
            if leaving == 0 { return false }
            space.refresh()
        }
        return true
    }

    /// Lets the policy know of pieces that nobody used in this life: in a group, those of the task that was not read
    /// for the longest time go first.
    private func introduceColdPieces() {
        if uses.takeForgotten() { coldWalk.withLock { $0 = .at(nil) } }
        guard case .at(let last) = coldWalk.withLock({ $0 }) else { return }
        guard let index = try? openIndex(), let found = try? index.pieces(after: last, limit: Self.coldGroup) else {
            return
        }
        coldWalk.withLock { $0 = found.last.map { .at($0.name) } ?? .finished }
        var lastUses: [StoreKey: Timestamp] = [:]
        for key in Set(found.map(\.name.file.key)) { lastUses[key] = try? index.lastUse(of: key) }
        func lastUse(_ name: PieceName) -> Timestamp { lastUses[name.file.key] ?? .epoch }
        uses.addColdest(found.sorted { lastUse($0.name) > lastUse($1.name) })
    }

    /// Takes pieces of one file away.
    /// - Returns: how many go, now or as soon as their readers have let go.
    private func dismiss(_ pieces: [(name: PieceName, bytes: Int64)], of file: FileName) -> Int {
        let known: TaskRecord?
        do throws(StorageError) { known = try task(file.key) } catch { return spare(pieces) }
        guard let record = known, record.generation == file.generation else {
            return dismissUnrecorded(file) ? pieces.count : spare(pieces)
        }
        guard !record.flags.contains(.pinned) else { return spare(pieces) }
        if record.isAllOrNothing {
            guard dismissTask(record) else { return spare(pieces) }
            return pieces.count
        }
        var going = 0
        var alone: [(name: PieceName, bytes: Int64)] = []
        var given: [Given] = []
        for piece in pieces {
            switch holder?.giveUp(piece.name) ?? .unknown {
            case .unknown: alone.append(piece)
            case .inUse: uses.spare(piece.name, bytes: piece.bytes)
            case .given(let content, let done):
                let range = record.layout.range(of: piece.name.number)
                given.append(Given(content: content, piece: piece.name, range: range, bytes: piece.bytes, done: done))
            }
        }
        going += take(given)
        going += takeAlone(alone, record)
        board.update { $0.evictedPieces += going }
        return going
    }

    private func spare(_ pieces: [(name: PieceName, bytes: Int64)]) -> Int {
        for piece in pieces { uses.spare(piece.name, bytes: piece.bytes) }
        return 0
    }

    // MARK: From a task in memory

    private struct Given {
        let content: ContentFile
        let piece: PieceName
        let range: ByteRange
        let bytes: Int64
        let done: @Sendable () -> Void
    }

    /// Record first, then leases, then the pages (rule 8). When the records cannot be written for lack of room the
    /// pages go all the same: the checksums tell (rule 10).
    private func take(_ given: [Given]) -> Int {
        guard !given.isEmpty else { return 0 }
        for one in given { writer.put(.nothing(of: one.piece.number), of: one.piece.file, urgency: .soon) }
        flush()
        for one in given {
            space.leave(one.bytes)
            one.content.retire { [self] in
                let work: StoreThreads.Work = { [self] in punch(one) }
                if !threads.run(work) { one.done() }
            }
        }
        return given.count
    }

    private func punch(_ given: Given) {
        do throws(StorageError) {
            try given.content.punch(given.range, leaving: given.bytes)
        } catch {
            logger.warning("\(error); its room is found again when the files are measured")
        }
        given.done()
        thinned.withLock { _ = $0.insert(given.piece.file) }
    }

    /// Removes the tasks in memory of which every piece was taken away, unless somebody uses them. Not where the last
    /// piece goes: there the file is still held open.
    func removeEmptyTasks() {
        let files = thinned.withLock { thinned in
            defer { thinned = [] }
            return thinned
        }
        guard !files.isEmpty else { return }
        // What was fetched again since is counted too.
        flush()
        for file in files {
            guard !housekeeper.isStopping, let index = try? openIndex(), let count = try? index.pieceCount(file),
                count == 0, let record = try? task(file.key), record.generation == file.generation
            else { continue }
            if !dismissTask(record) { thinned.withLock { _ = $0.insert(file) } }
        }
    }

    // MARK: From a task that is not in memory

    private func takeAlone(_ pieces: [(name: PieceName, bytes: Int64)], _ record: TaskRecord) -> Int {
        guard !pieces.isEmpty else { return 0 }
        guard content.claim(record.file) else { return spare(pieces) }
        defer { content.unclaim(record.file) }
        let known = (try? openIndex().pieceCount(record.file)) ?? .max
        if pieces.count >= known {
            removeClaimed(record.file)
            return pieces.count
        }
        for piece in pieces { writer.put(.nothing(of: piece.name.number), of: record.file, urgency: .soon) }
        flush()
        do throws(StorageError) {
            try content.punch(record.file, pieces.map { record.layout.range(of: $0.name.number) })
        } catch {
            logger.warning("\(error); its room is found again when the files are measured")
        }
        return pieces.count
    }

    /// Removes a whole task, unless somebody uses it or it is pinned.
    func dismissTask(_ record: TaskRecord) -> Bool {
        guard !record.flags.contains(.pinned), holder?.forget(record.key) ?? true, content.claim(record.file) else {
            return false
        }
        defer { content.unclaim(record.file) }
        removeClaimed(record.file)
        return true
    }

    /// A file without a record: mostly it is gone, but a record that was dropped while the index failed leaves one.
    private func dismissUnrecorded(_ file: FileName) -> Bool {
        guard content.exists(file) else { return true }
        guard holder?.forget(file.key) ?? true, content.claim(file) else { return false }
        defer { content.unclaim(file) }
        removeClaimed(file)
        return true
    }

    private func removeClaimed(_ file: FileName) {
        writer.remove(file)
        flush()
        do throws(StorageError) {
            try content.unlink(file)
        } catch {
            logger.warning("\(error); the file is tried again at the next start")
        }
    }
}

extension TaskRecord {
    /// A part of it is worth nothing: the rest could not be fetched alone.
    fileprivate var isAllOrNothing: Bool { flags.contains(.singleResponse) || flags.contains(.noRanges) }
}
