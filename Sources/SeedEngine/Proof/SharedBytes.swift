import DragonflyIdentity
import HTTPSemantics
import SeedOrigin
import SeedStorage
import SeedSupport

/// An object of another URL with the same name. Whether its bytes are this URL's, only this URL's own response can show.
struct SharedBytes: Sendable, Equatable {
    let record: TaskRecord
    let proof: SharedName.Proof
    /// The neutral request for that object.
    let owner: TaskRequest

    /// Nil unless this first response shows that its URL means these bytes, and that its client has a right to them.
    func recognized(by head: JudgedHead) -> RecognizedBytes? {
        switch head.admission {
        case .part(_, let total, let validator) where isSame(length: total, validator): break
        case .whole(let total?, let validator) where isSame(length: total, validator): break
        default: return nil
        }
        let alias = TaskAlias(to: record.file, headers: head.headers, fetchedAt: head.madeAt)
        return RecognizedBytes(alias: alias, owner: owner)
    }

    private func isSame(length: Int64, _ validator: Validator) -> Bool {
        guard length == record.contentLength else { return false }
        return switch proof {
        case .digest: true
        case .validator: record.etag != nil && validator.etag == record.etag
        }
    }
}

/// Bytes of another task that are this object's.
struct RecognizedBytes: Sendable, Equatable {
    let alias: TaskAlias
    /// The neutral request for the task that has them.
    let owner: TaskRequest
}

/// What is known under another key of an object that is not held under its own.
enum Elsewhere: Sendable, Equatable {
    case recognized(RecognizedBytes)
    case candidate(SharedBytes)
}

extension LiveTask {
    /// Looks for the object's bytes under another key. Blocking.
    func elsewhere() throws(StorageError) -> Elsewhere? {
        if let known = try context.store.alias(key), isFresh(known.alias) {
            return .recognized(RecognizedBytes(alias: known.alias, owner: neutral.neutral(for: known.task)))
        }
        guard let name = neutral.sharedName, let record = try context.store.alias(name.key)?.task, record.key != key,
            record.flags.contains(.publiclyReadable)
        else { return nil }
        return .candidate(SharedBytes(record: record, proof: name.proof, owner: neutral.neutral(for: record)))
    }

    /// The response by which the URL's bytes were recognized still counts.
    private func isFresh(_ alias: TaskAlias) -> Bool {
        let freshness = Freshness(alias.headers, madeAt: alias.fetchedAt, rule: neutral.freshness)
        return freshness.lifetime.map { context.now().wall - alias.fetchedAt < $0 } ?? true
    }
}

/// Streams that were led to the bytes of another task, which may read what is held of them.
extension TaskMachine {
    /// Sends the streams to the bytes under another key. The next ones ask the index anew whether these are still there.
    mutating func lead(to bytes: RecognizedBytes, _ output: inout Output) {
        shared = nil
        identity.forgetRefusals()
        fills.succeeded()
        phase = .cold
        for (id, demand) in audience.inOrder where demand.isOpening {
            switch demand.request.lead {
            case .possible: settle(id, .elsewhere(bytes), &output)
            case .to: settle(id, .gone, &output)
            case .refused: phase = .absent
            }
        }
        if phase == .absent { probe(&output) }
    }

    /// Whether a stream may read this generation: a led one only that which it was led to, while it is what its name says.
    func serves(_ request: TaskRequest, _ generation: Generation) -> Bool {
        guard case .to(let counter) = request.lead else { return true }
        return generation.counter == counter && (request.sharedName?.proof != .digest || generation.isProven)
    }

    /// Whether a led stream finds all its bytes, so that nothing is asked of the other task's origin for it.
    func mayFollow(_ cursor: Cursor, _ request: TaskRequest, now: ClockReading) -> Bool {
        guard let generation, serves(request, generation), let blocks = holdings.blocks,
            !mustAsk(generation, for: cursor.id, request.freshness, now: now)
        else { return false }
        let range = cursor.spec.map { $0.resolve(length: generation.length) } ?? ByteRange(0, generation.length)
        return range.map { blocks.holds($0) } ?? true
    }
}
