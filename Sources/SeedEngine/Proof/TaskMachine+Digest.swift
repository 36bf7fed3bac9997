import DragonflyIdentity
import HTTPSemantics
import SeedOrigin
import SeedStorage
import SeedSupport

/// Whether the whole object is what its digest names (rule:checksums).
///
/// The hash follows the verified prefix, whatever brings that: flights, or after a restart the checks of blocks that
/// somebody reads. So an object that was held without a proof is hashed again with its first whole reading, which
/// has to read every byte anyway; at the start nothing is read for it.
extension TaskMachine {
    /// The name under which the hash itself demands bytes: when a stream waits for the proof and some are missing.
    static let hashStream: StreamID = 0

    /// Starts from the first byte, if there is something to compare with.
    mutating func beginProof() {
        guard let generation, !generation.isProven, generation.length > 0 else { return endProof() }
        proof.begin(generation.digest, length: generation.length)
    }

    /// Bytes came at `offset`. If earlier ones in their place were hashed, the hash starts over.
    mutating func reprove(_ offset: Int64) {
        guard proof.covers(offset) else { return }
        beginProof()
        guard audience[Self.hashStream] != nil, let left = proof.left else { return }
        audience.wants(left, for: Self.hashStream)
        audience.planned(Self.hashStream, to: 0)
    }

    mutating func endProof() {
        proof.end()
        audience.forget(Self.hashStream)
    }

    // MARK: Hashing

    /// Has a thread called if some blocks are to be hashed and none is at it.
    mutating func hashOn(_ output: inout Output) {
        guard let generation, proof.beginHashing(in: holdings.blocks) else { return }
        output.effects.append(.hash(epoch: generation.epoch))
    }

    /// What a thread that was called is to read now; nil when the task has moved on or the bytes are gone again.
    mutating func takeHashing(epoch: Int) -> (ObjectDigest, ByteRange)? {
        generation?.epoch == epoch ? proof.take(in: holdings.blocks) : nil
    }

    /// A thread has hashed what it took.
    /// - Parameter digest: nil when the bytes could not be read: they are checked again.
    mutating func hashed(_ digest: ObjectDigest?, epoch: Int, _ output: inout Output) {
        guard let generation, generation.epoch == epoch, proof.isHashing else { return }
        switch proof.hashed(digest) {
        case .unread: doubtUnread(&output)
        case .superseded: hashOn(&output)
        case .left(let range):
            if audience[Self.hashStream] != nil {
                audience.wants(range, for: Self.hashStream)
                plan(Self.hashStream, &output)
            }
            hashOn(&output)
        case .done(isMatch: true): prove(generation, &output)
        case .done(isMatch: false): refuse(&output)
        }
    }

    private mutating func doubtUnread(_ output: inout Output) {
        guard let counter = generation?.counter, let blocks = holdings.blocks, let range = proof.ready(in: blocks)
        else { return }
        for index in blocks.grid.blocks(covering: range) { doubtBlock(index, counter: counter, &output) }
    }

    // MARK: The proof

    private mutating func prove(_ generation: Generation, _ output: inout Output) {
        endProof()
        setProven(true, generation, &output)
        output.effects.append(.judged(isMatch: true))
        wakeReady(&output)
    }

    /// Nobody gets another byte of it; who comes next begins anew. Those who came before are told, as another fetch for
    /// them may end like this one.
    private mutating func refuse(_ output: inout Output) {
        output.effects.append(.judged(isMatch: false))
        audience.dismissReaders()
        abandon(readersSee: .otherDigest, &output)
        audience.settleOpening(.failed(.otherDigest), &output)
    }

    /// Bytes were fetched again after the proof, which does not tell of them.
    mutating func unprove(_ output: inout Output) {
        guard let generation, generation.isProven else { return }
        setProven(false, generation, &output)
        beginProof()
    }

    private mutating func setProven(_ isProven: Bool, _ generation: Generation, _ output: inout Output) {
        var generation = generation
        generation.isProven = isProven
        phase = .known(generation)
        if isRecorded { output.records.append(.put(generation, as: identity.own)) }
    }

    // MARK: Streams of the whole object

    /// From here on bytes are withheld from streams of the whole object: the last block, until it is proven.
    var withheldFrom: Int64? { proof.withheldFrom(holdings.blocks?.grid) }

    /// A stream has nothing left to read but what is withheld: what the hash still lacks is wanted now.
    mutating func awaitProof(_ output: inout Output) {
        guard let left = proof.left, audience[Self.hashStream] == nil else { return }
        audience.want(
            Demand(
                Cursor(id: Self.hashStream, spec: nil), identity.own, wanted: left, window: configuration.spanLength),
            for: Self.hashStream)
        plan(Self.hashStream, &output)
        hashOn(&output)
    }

    func awaitsProof(_ demand: Demand) -> Bool {
        guard demand.isWhole, demand.result == nil, let withheldFrom, let wanted = demand.wanted else { return false }
        return wanted.lowerBound >= withheldFrom
    }

    /// A stream has gone: what nobody waits for needs no proof now.
    mutating func leaveProof() {
        guard audience[Self.hashStream] != nil, !audience.demands.values.contains(where: awaitsProof) else { return }
        audience.forget(Self.hashStream)
    }

    /// What the hash lacks does not come: who waits for it is told.
    mutating func settleProof(_ result: PollResult, _ output: inout Output) {
        audience.forget(Self.hashStream)
        for (id, demand) in audience.inOrder where awaitsProof(demand) { audience.settle(id, result, &output) }
    }
}
