import DragonflyIdentity
import HTTPSemantics
import SeedOrigin
import SeedStorage
import SeedSupport

/// Carrying out what the machine decided.
extension LiveTask {
    func perform(_ effects: [TaskMachine.Effect]) {
        for effect in effects {
            switch effect {
            case .load: context.store.threads.run { self.load() }
            case .start(let order): start(order)
            case .stop(let id, let offset): running(id)?.stop(at: offset)
            case .raise(let id, let priority): running(id)?.raise(to: priority)
            case .check(let checks, let epoch): check(checks, epoch: epoch)
            case .wake(let id): takeWake(id)?()
            case .later(let delay): later(Duration.random(in: delay))
            case .counted(.fetched(let count)): context.counters.fetchedAheadBytes.add(count)
            case .counted(.read(let count)): context.counters.fetchedAheadBytesRead.add(count)
            case .hash(let epoch): hash(epoch: epoch)
            case .judged(let isMatch): noteProof(isMatch: isMatch)
            }
        }
    }

    private func later(_ pause: Duration) {
        context.counters.pauses.add()
        context.after(pause) { [weak self] in self?.handle { $0.machine.resumed(&$1) } }
    }

    private func start(_ order: FlightOrder) {
        context.counters.count(order.purpose)
        let buffer = order.direct.flatMap { directBuffer(of: $0.stream) }
        let flight = Flight(order: order, into: buffer, task: self, context: context)
        context.flights.began()
        register(flight)
        flight.start(
            OriginRequest(
                url: order.request.url, headers: order.request.headers, range: order.ask, condition: order.condition,
                credential: order.request.credential, priority: order.priority))
    }

    /// Hands what is to be recorded to the store, which only queues it.
    func queue(_ record: TaskMachine.Record) {
        switch record {
        case .put(let generation, let request):
            guard let counter = generation.counter else { return }
            context.store.put(TaskRecord(key, generation, counter: counter, request))
        case .putPiece(let record, let generation, let urgency):
            guard let counter = generation.counter else { return }
            context.store.put(record, of: key, generation: counter, urgency: urgency)
        case .alias(let alias): context.store.put(alias, for: key)
        case .remove(let generation):
            guard let counter = generation.counter else { return }
            context.store.remove(key, generation: counter)
        }
    }

    // MARK: Store threads

    /// Reads what the index has of this task. What can't be read is fetched anew: a request never fails for it.
    private func load() {
        do {
            guard let record = try context.store.task(key) else { return loaded(nil, elsewhere: try elsewhere()) }
            let file = try context.store.openContent(key, generation: record.generation)
            let pieces = try context.store.pieces(
                key, generation: record.generation, numbers: 0..<record.layout.pieceCount)
            loaded(record, pieces, file)
        } catch {
            context.logger.warning("A stored task can't be read; it is fetched again. \(error)")
            loaded(nil)
        }
    }

    private func check(_ checks: [TaskMachine.BlockCheck], epoch: Int) {
        guard let (file, grid) = readable(epoch) else { return }
        for check in checks {
            context.store.threads.run { [self] in
                let isGood = self.isGood(check, file, grid)
                handle { $0.machine.checked(check.index, epoch: epoch, isGood: isGood, now: context.now(), &$1) }
            }
        }
    }

    /// Compares a block with its checksum, whatever the last stop was like (rule:verify-before-serving).
    private func isGood(_ check: TaskMachine.BlockCheck, _ file: ContentFile, _ grid: BlockGrid) -> Bool {
        do {
            let isGood = try file.checksum(of: grid.range(of: check.index)) == check.checksum
            if !isGood {
                context.logger.warning(
                    "A stored block is damaged; it is fetched again.",
                    metadata: [
                        "task": "\(wireID)", "piece": "\(check.index.piece)",
                        "block": "\(check.index.block)",
                    ])
            }
            return isGood
        } catch {
            context.logger.warning("A stored block can't be read; it is fetched again. \(error)")
            return false
        }
    }
}

extension TaskRecord {
    init(_ key: StoreKey, _ generation: Generation, counter: UInt64, _ request: TaskRequest) {
        self.init(
            key: key, wireID: request.wireID, generation: counter, contentLength: generation.length,
            pieceLength: generation.layout.pieceLength, etag: generation.validator.etag,
            lastModified: generation.validator.lastModified, headers: generation.headers, url: request.url,
            target: request.object.target, tag: request.tag, application: request.application,
            createdAt: generation.fetchedAt,
            fetchedAt: generation.fetchedAt, flags: generation.flags, digest: generation.digest?.description,
            sharedKey: generation.sharedKey(for: request))
        // Every request of the cache is anonymous today (rule:right-to-read).
        if request.credential.isAnonymous { flags.insert(.publiclyReadable) }
    }
}

extension Generation {
    /// The name by which other URLs may find these bytes; nil unless they are proven as it wants it.
    fileprivate func sharedKey(for request: TaskRequest) -> StoreKey? {
        guard let name = request.sharedName else { return nil }
        let isProof =
            switch name.proof {
            case .digest: isProven && digest != nil && digest == request.digest
            case .validator: validator.etag != nil
            }
        return isProof ? name.key : nil
    }
}
