import DragonflyIdentity
import HTTPSemantics
import SeedOrigin
import SeedStorage
import SeedSupport

/// Whether the whole object is what its SHA-256 names (rule 11).
///
/// The hash follows the verified prefix, whatever brings that: flights, or after a restart the checks of blocks that
/// somebody reads. So an object that was held without a proof is hashed again with its first whole reading, which
/// has to read every byte anyway; at the start nothing is read for it.
extension TaskMachine {
    /// Most bytes that are hashed in one go, so that the tasks take turns.
    static let hashStep: Int64 = 1 << 20

    /// The name under which the hash itself demands bytes: when a stream waits for the proof and some are missing.
    static let hashStream: StreamID = 0

    /// Starts from the first byte, if there is something to compare with.
    mutating func beginProof() {
        guard let generation, !generation.isProven, generation.length > 0 else { return endProof() }
        proof = generation.digest.map { ObjectDigest(expected: $0, length: generation.length) }
        hashedTo = 0
    }

    /// The block at `offset` was completed. If an earlier one in its place was hashed, or is being hashed, the proof
    /// would vouch for bytes that it was not made of: the hash starts over.
    mutating func reprove(_ offset: Int64) {
        guard proof != nil, offset < hashedTo else { return }
        beginProof()
        if demands[Self.hashStream] != nil, let length = proof?.length {
            demands[Self.hashStream]?.wanted = ByteRange(0, length)
            demands[Self.hashStream]?.plannedTo = 0
        }
    }

    mutating func endProof() {
        proof = nil
        isHashing = false
        demands[Self.hashStream] = nil
    }

    // MARK: Hashing

    /// Has a thread called if some blocks are to be hashed and none is at it.
    mutating func hashOn(_ actions: inout [Action]) {
        guard !isHashing, let generation, readyToHash != nil else { return }
        isHashing = true
        actions.append(.hash(epoch: generation.epoch))
    }

    /// What a thread that was called is to read now; nil when the task has moved on or the bytes are gone again.
    mutating func takeHashing(epoch: Int) -> (ObjectDigest, ByteRange)? {
        guard generation?.epoch == epoch, isHashing else { return nil }
        guard let proof, let range = readyToHash else {
            isHashing = false
            return nil
        }
        hashedTo = range.upperBound
        return (proof, range)
    }

    private var readyToHash: ByteRange? {
        guard let proof, let blocks else { return nil }
        let start = proof.position
        var end = blocks.servable(from: start, upTo: min(proof.length, start + Self.hashStep))
        // Block by block, so that small writes don't make small steps.
        if end < proof.length { end = blocks.grid.range(of: blocks.grid.block(at: end)).lowerBound }
        return end > start ? ByteRange(start, end) : nil
    }

    /// A thread has hashed what it took.
    /// - Parameter digest: nil when the bytes could not be read: they are checked again.
    mutating func hashed(_ digest: ObjectDigest?, epoch: Int, _ actions: inout [Action]) {
        guard let generation, generation.epoch == epoch, isHashing else { return }
        isHashing = false
        guard let digest else {
            hashedTo = proof?.position ?? 0
            return doubtUnread(&actions)
        }
        // The hash was started over meanwhile.
        guard digest.position == hashedTo else { return hashOn(&actions) }
        proof = digest
        switch digest.isMatch {
        case nil:
            if demands[Self.hashStream] != nil {
                demands[Self.hashStream]?.wanted = ByteRange(digest.position, digest.length)
                plan(Self.hashStream, &actions)
            }
            hashOn(&actions)
        case true?: prove(generation, &actions)
        case false?: refuse(&actions)
        }
    }

    private mutating func doubtUnread(_ actions: inout [Action]) {
        guard let counter = generation?.counter, let range = readyToHash, let grid = blocks?.grid else { return }
        for index in grid.blocks(covering: range) { doubtBlock(index, counter: counter, &actions) }
    }

    // MARK: The proof

    private mutating func prove(_ generation: Generation, _ actions: inout [Action]) {
        endProof()
        setProven(true, generation, &actions)
        actions.append(.judged(isMatch: true))
        wakeReady(&actions)
    }

    /// Nobody gets another byte of it; who comes next begins anew. Those who came before are told, as another fetch for
    /// them may end like this one.
    private mutating func refuse(_ actions: inout [Action]) {
        actions.append(.judged(isMatch: false))
        // So nothing of it is kept for those who read it.
        readers = 0
        abandon(readersSee: .otherDigest, &actions)
        settleOpening(.failed(.otherDigest), &actions)
    }

    /// A block was fetched again after the proof, which does not tell of these bytes.
    mutating func unprove(_ actions: inout [Action]) {
        guard let generation, generation.isProven else { return }
        setProven(false, generation, &actions)
        beginProof()
    }

    private mutating func setProven(_ isProven: Bool, _ generation: Generation, _ actions: inout [Action]) {
        var generation = generation
        generation.isProven = isProven
        phase = .known(generation)
        if generation.counter != nil { actions.append(.put(generation)) }
    }

    // MARK: Streams of the whole object

    /// From here on bytes are withheld from streams of the whole object: the last block, until it is proven.
    var withheldFrom: Int64? {
        guard proof != nil, let grid = blocks?.grid else { return nil }
        return grid.range(of: grid.block(at: grid.layout.contentLength - 1)).lowerBound
    }

    /// A stream has nothing left to read but what is withheld: what the hash still lacks is wanted now.
    mutating func awaitProof(_ actions: inout [Action]) {
        guard let proof, demands[Self.hashStream] == nil else { return }
        demands[Self.hashStream] = Demand(
            Cursor(id: Self.hashStream, spec: nil), own, wanted: ByteRange(proof.position, proof.length),
            window: configuration.spanLength)
        plan(Self.hashStream, &actions)
        hashOn(&actions)
    }

    func awaitsProof(_ demand: Demand) -> Bool {
        guard demand.isWhole, let withheldFrom, let wanted = demand.wanted else { return false }
        return wanted.lowerBound >= withheldFrom
    }

    /// A stream has gone: what nobody waits for needs no proof now.
    mutating func leaveProof() {
        guard demands[Self.hashStream] != nil, !demands.values.contains(where: awaitsProof) else { return }
        demands[Self.hashStream] = nil
    }

    /// What the hash lacks does not come: who waits for it is told.
    mutating func settleProof(_ result: PollResult, _ actions: inout [Action]) {
        demands[Self.hashStream] = nil
        for (id, demand) in demands.sorted(by: { $0.key < $1.key }) where awaitsProof(demand) {
            settle(id, result, &actions)
        }
    }
}
