import DragonflyIdentity
import HTTPSemantics
import SeedOrigin
import SeedStorage
import SeedSupport

/// What the store tells, and how streams are told.
extension TaskMachine {
    // MARK: Store

    /// The index was asked. `record` is nil when it has none, or when its content file cannot be opened.
    mutating func loaded(_ record: TaskRecord?, _ pieces: [PieceRecord], _ actions: inout [Action]) {
        guard phase == .loading else { return }
        phase = .absent
        guard let record else { return probe(&actions) }
        epoch += 1
        var generation = Generation(epoch: epoch, record)
        generation.digest = generation.digest ?? named
        var map = BlockMap(grid: BlockGrid(generation.layout))
        for piece in pieces { map.load(piece) }
        guard !generation.isOneResponse || map.isFinished else {
            // What one response did not bring can't be added: it would mix versions.
            actions.append(.remove(generation))
            return probe(&actions)
        }
        blocks = map
        own = own.neutral(at: record.url)
        phase = .known(generation)
        beginProof()
        wakeOpening(&actions, isAnswered: false)
    }

    /// The content file of a new generation exists: its record may be written, more flights may start.
    mutating func contentCreated(_ counter: UInt64, _ actions: inout [Action]) {
        guard var generation, generation.counter == nil else { return }
        generation.counter = counter
        phase = .known(generation)
        actions.append(.put(generation))
        planAll(&actions)
    }

    /// A store thread compared a block with its checksum.
    mutating func checked(_ index: BlockIndex, epoch: Int, isGood: Bool, now: ClockReading, _ actions: inout [Action]) {
        guard let generation, generation.epoch == epoch else { return }
        blocks?.checked(index, isGood: isGood)
        guard !isGood else {
            hashOn(&actions)
            return wakeReady(&actions)
        }
        dirty.insert(index.piece)
        if let record = blocks?.record(of: index.piece, now: now.wall) {
            actions.append(.putPiece(record, of: generation, .soon))
        }
        forgetPlans()
        // No other response may mend a generation that consists of one.
        if generation.isOneResponse { return discard(readersSee: .damagedForGood, now: now, &actions) }
        planAll(&actions)
    }

    // MARK: Telling streams

    /// - Parameter isAnswered: the origin has just spoken, so what these streams get is fresh whatever its age.
    mutating func wakeOpening(_ actions: inout [Action], isAnswered: Bool = true) {
        for (id, demand) in demands.sorted(by: { $0.key < $1.key }) where demand.wanted == nil {
            demands[id]?.isAnswered = isAnswered || demand.isAnswered
            wake(id, &actions)
        }
    }

    mutating func wakeReady(_ actions: inout [Action]) {
        guard let blocks else { return }
        for (id, demand) in demands where demand.isWaiting {
            guard !awaitsProof(demand), let at = demand.wanted?.lowerBound,
                blocks.servable(from: at, upTo: at + 1) > at
            else { continue }
            wake(id, &actions)
        }
    }

    mutating func settleOpening(_ result: PollResult, _ actions: inout [Action]) {
        for (id, demand) in demands.sorted(by: { $0.key < $1.key }) where demand.wanted == nil {
            settle(id, result, &actions)
        }
    }

    /// The origin refused a request: those are told who would be refused like this themselves.
    mutating func settleOpening(_ answer: OriginAnswer, refusing request: TaskRequest, _ actions: inout [Action]) {
        for (id, demand) in demands.sorted(by: { $0.key < $1.key })
        where demand.wanted == nil && answer.refuses(demand.request, as: request) {
            settle(id, .origin(answer), &actions)
        }
    }

    mutating func settle(_ id: StreamID, _ result: PollResult, _ actions: inout [Action]) {
        guard demands[id]?.result == nil else { return }
        if id == Self.hashStream { return settleProof(result, &actions) }
        demands[id]?.result = result
        wake(id, &actions)
    }

    mutating func wake(_ id: StreamID, _ actions: inout [Action]) {
        guard demands[id]?.isWaiting == true else { return }
        demands[id]?.isWaiting = false
        actions.append(.wake(id))
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
