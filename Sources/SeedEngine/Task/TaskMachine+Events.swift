import DragonflyIdentity
import HTTPSemantics
import SeedOrigin
import SeedStorage
import SeedSupport

/// What the store tells, and how streams are told.
extension TaskMachine {
    // MARK: Store

    /// The index has no record, or its content file cannot be opened.
    mutating func absent(_ elsewhere: Elsewhere?, _ output: inout Output) {
        guard phase == .loading else { return }
        switch elsewhere {
        case .recognized(let bytes): lead(to: bytes, &output)
        case .candidate(let candidate):
            shared = candidate
            phase = .absent
            probe(&output)
        case nil:
            phase = .absent
            probe(&output)
        }
    }

    /// The index has a record.
    mutating func loaded(_ record: TaskRecord, _ pieces: [PieceRecord], _ output: inout Output) {
        guard phase == .loading else { return }
        phase = .absent
        epoch += 1
        var generation = Generation(epoch: epoch, record)
        generation.digest = generation.digest ?? identity.own.digest
        var map = BlockMap(grid: BlockGrid(generation.layout))
        for piece in pieces { map.load(piece) }
        guard !generation.isOneResponse || map.isFinished else {
            // What one response did not bring can't be added: it would mix versions.
            output.records.append(.remove(generation))
            output.changes.append(.left(generation: record.generation))
            return probe(&output)
        }
        holdings.begin(map)
        isRecorded = true
        identity.loaded(url: record.url)
        phase = .known(generation)
        beginProof()
        tellBegan(generation, &output)
        for piece in pieces where piece.isComplete { output.changes.append(.piece(piece)) }
        audience.wakeOpening(isAnswered: false, &output)
    }

    /// The content file of a new generation exists: more flights may start.
    mutating func contentCreated(_ counter: UInt64, _ output: inout Output) {
        guard var generation, generation.counter == nil else { return }
        generation.counter = counter
        phase = .known(generation)
        tellBegan(generation, &output)
        planAll(&output)
    }

    /// The task leaves memory: of a generation without a record only the file is left.
    mutating func leave(_ output: inout Output) {
        guard !isRecorded, let generation, let counter = generation.counter else { return }
        output.records.append(.remove(generation))
        output.changes.append(.left(generation: counter))
    }

    private func tellBegan(_ generation: Generation, _ output: inout Output) {
        guard let counter = generation.counter else { return }
        output.changes.append(
            .began(
                wireID: identity.own.wireID, generation: counter, length: generation.length,
                pieceLength: generation.layout.pieceLength))
    }

    /// A store thread compared a block with its checksum.
    mutating func checked(_ index: BlockIndex, epoch: Int, isGood: Bool, now: ClockReading, _ output: inout Output) {
        guard let generation, generation.epoch == epoch else { return }
        let record = holdings.checked(index, isGood: isGood, now: now.wall)
        guard !isGood else {
            hashOn(&output)
            return wakeReady(&output)
        }
        output.changes.append(.lost(piece: index.piece))
        if let record { output.records.append(.putPiece(record, of: generation, .soon)) }
        audience.forgetPlans()
        // No other response may mend a generation that consists of one.
        if generation.isOneResponse { return discard(readersSee: .damagedForGood, now: now, &output) }
        planAll(&output)
    }

    // MARK: Telling streams

    mutating func wakeReady(_ output: inout Output) {
        guard let blocks = holdings.blocks else { return }
        for (id, demand) in audience.demands where demand.isWaiting && demand.result == nil {
            guard !awaitsProof(demand), let at = demand.wanted?.lowerBound,
                blocks.servable(from: at, upTo: at + 1) > at
            else { continue }
            audience.wake(id, &output)
        }
    }

    mutating func settle(_ id: StreamID, _ result: PollResult, _ output: inout Output) {
        if id == Self.hashStream { settleProof(result, &output) } else { audience.settle(id, result, &output) }
    }
}

extension Generation {
    /// A generation as the index remembers it.
    init(epoch: Int, _ record: TaskRecord) {
        self.init(
            epoch: epoch, layout: record.layout,
            validator: Validator(
                etag: record.etag, lastModified: record.lastModified, length: record.contentLength),
            headers: record.headers, fetchedAt: record.fetchedAt, counter: record.generation,
            isSequential: record.flags.contains(.noRanges), isImmutable: record.flags.contains(.immutable),
            digest: record.digest.flatMap { Digest($0) },
            isProven: record.flags.contains(.proven))
    }
}
