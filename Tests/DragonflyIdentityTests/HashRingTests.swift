import Testing

@testable import DragonflyIdentity

@Suite struct HashRingTests {
    @Test func sipHashFollowsTheReferenceOfItsAuthors() {
        let key: (UInt64, UInt64) = (0x0706_0504_0302_0100, 0x0F0E_0D0C_0B0A_0908)
        for (length, expected) in Vectors.all.sipHashReference.expected.enumerated() {
            var hash = SipHash(k0: key.0, k1: key.1)
            let value = (0..<length).map { UInt8($0) }.withUnsafeBytes { hash.hash($0) }
            #expect(hex(value.byteSwapped) == expected, "\(length) bytes")
        }
    }

    @Test(arguments: Vectors.all.sipHashes)
    func positionsAreThoseOfTheRequestSDK(vector: SipHashVector) {
        let position =
            if let id = vector.input.id, let name = vector.input.name {
                HashRing.position(ofNode: id, named: name)
            } else {
                Array((vector.input.key ?? "").utf8).withUnsafeBytes { HashRing.position(ofKey: $0) }
            }
        #expect(hex(position) == vector.expected)
    }

    @Test(arguments: Vectors.all.rings)
    func theRingFindsWhatTheRequestSDKFinds(vector: RingVector) {
        let ring = HashRing(vector.nodes, virtualNodesPerHost: vector.virtualNodes)
        guard vector.level != "host" else {
            #expect(ring.hosts(forKey: vector.key, count: vector.replicas) == vector.expected)
            return
        }
        // The crate gives one node more than asked for, and all of them once when asked for more than there are.
        let total = vector.nodes.count * vector.virtualNodes
        let found = ring.virtualNodes(
            fromKey: vector.key, count: vector.replicas > total ? total : vector.replicas + 1)
        if let expected = vector.expected { #expect(found == expected) }
        if let count = vector.expectedCount { #expect(found.count == count) }
    }

    @Test(arguments: Vectors.all.layouts)
    func theRingIsLaidOutLikeThatOfTheRequestSDK(vector: RingLayoutVector) {
        let layout = HashRing(vector.nodes, virtualNodesPerHost: vector.virtualNodes).layout
        #expect(layout.count == vector.length)
        let written = layout.map { "\(hex($0.position)) \($0.label)" }
        #expect(Array(written.prefix(8)) == vector.first.map { "\($0.hash) \($0.vnode)" })
        #expect(Array(written.suffix(4)) == vector.last.map { "\($0.hash) \($0.vnode)" })
    }

    @Test(arguments: Vectors.all.selections)
    func requestsLandOnTheHostsThatTheRequestSDKPicks(vector: SelectionVector) throws {
        let identity = try vector.input.identity(usesBlobDigest: vector.input.usesBlobDigest ?? true)
        #expect(identity.taskID.description == vector.taskID)
        let ring = HashRing(vector.nodes, virtualNodesPerHost: vector.virtualNodes)
        #expect(ring.hosts(for: identity.taskID, count: vector.input.replicas ?? 0) == vector.expected)
    }

    @Test(arguments: [(5, 3, 3), (2, 5, 2), (20, 10, 10), (1, 1, 1), (0, 2, 0), (3, 0, 0), (3, -1, 0)])
    func asManyDifferentHostsAreFoundAsThereAre(hosts: Int, wanted: Int, found: Int) {
        let ring = HashRing((0..<hosts).map { "host-\($0)" }, virtualNodesPerHost: 1)
        let names = ring.hosts(forKey: "some-task", count: wanted)
        #expect(names.count == found)
        #expect(Set(names).count == found)
    }

    @Test func namesAreBytes() {
        #expect(HashRing(["a", "b", "a"]).names == ["a", "b"])
        #expect(HashRing(["\u{E9}", "e\u{301}"]).names.count == 2)
    }

    @Test func aHostThatLeavesMovesOnlyItsOwnShare() {
        let names = (0..<8).map { "seed-peer-\($0)" }
        let (before, after) = (HashRing(names), HashRing(names.dropLast()))
        for task in 0..<1000 {
            let owner = before.hosts(forKey: "task-\(task)", count: 1)
            if owner != ["seed-peer-7"] { #expect(after.hosts(forKey: "task-\(task)", count: 1) == owner) }
        }
    }

    private func hex(_ value: UInt64) -> String {
        let digits = String(value, radix: 16)
        return String(repeating: "0", count: 16 - digits.count) + digits
    }
}
