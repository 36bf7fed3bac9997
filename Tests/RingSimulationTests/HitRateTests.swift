import Testing

@testable import RingSimulation

@Suite("Hit rates")
struct HitRateTests {
    private static let mebibyte = 1_048_576

    @Test("A task is cut into pieces of Dragonfly's length, a large one into few and longer ones")
    func pieces() {
        let workload = Workload.ofSizes([1, 8, 9, 1_024])
        #expect((0..<4).map(workload.pieceCount) == [1, 2, 3, 16])
        #expect(workload.pieceSize(of: 1) == 4 * Self.mebibyte && workload.pieceSize(of: 3) == 64 * Self.mebibyte)
        #expect(workload.size(of: 2) >= 9 * Self.mebibyte && workload.size(of: 2) < 9 * Self.mebibyte + 3 * 1024)
    }

    /// Two tasks fit. Hits by hand: a, b and c miss and c pushes a out; b is used again, so it is protected; a misses
    /// and pushes c out; b hits, and c misses.
    @Test("A small trace has the hits that the order of eviction gives it")
    func trace() {
        let workload = Workload.ofSizes([1, 1, 1])
        let requests = [0, 1, 2, 1, 0, 1, 2].map { Request(task: $0, piece: nil) }
        let disk = Disk(capacity: 2 * Self.mebibyte, workload)
        let all = PeerRequests(requests: requests, warmUp: 0).replay(on: disk, workload)
        #expect(all.requests == 7 && all.requestHits == 2 && all.byteHits == 2 * Self.mebibyte)
        let late = PeerRequests(requests: requests, warmUp: 3).replay(on: disk, workload)
        #expect(late.requests == 4 && late.requestHits == 2 && late.requestHitRate == 0.5)
    }

    @Test("A request that finds a part of its pieces is no hit, but the bytes that were there count")
    func parts() {
        let workload = Workload.ofSizes([16])
        let requests = [Request(task: 0, piece: 1), Request(task: 0, piece: nil), Request(task: 0, piece: 3)]
        let counts = PeerRequests(requests: requests).replay(on: Disk(capacity: .max, workload), workload)
        #expect(counts.requests == 3 && counts.requestHits == 1)
        #expect(counts.bytes == 24 * Self.mebibyte && counts.byteHits == 8 * Self.mebibyte)
    }

    @Test("A disk begins with the most popular tasks that fit, and evicts the least popular of them first")
    func filled() {
        let workload = Workload.ofSizes([1, 1, 1])
        var disk = Disk(capacity: 2 * Self.mebibyte, workload)
        disk.fill([0, 1, 2])
        let found = [2, 0, 1].map { disk.read(piece: 0, of: $0) }
        #expect(found == [false, true, false], "two fit, and task 1 made room for task 2")
    }

    @Test("One replica hits more than two, two more than random seed peers, and disks that hold everything always hit")
    func replicas() async {
        let workload = await Workload.generated(count: 2_000, seed: 1)
        let placement = await Placement.onRing(peers: Array(0..<10), replicas: 2, workload)
        let requests = Request.drawn(count: 8_000, exponent: 0.9, seed: 2, workload)
        func counts(_ routing: Routing, _ share: Double) async -> HitCounts {
            await HitRate(requests, routing, placement, seed: 3, workload).counts(share: share)
        }
        let one = await counts(.ring(replicas: 1), 0.2)
        let two = await counts(.ring(replicas: 2), 0.2)
        let random = await counts(.random, 0.2)
        #expect(one.byteHitRate > two.byteHitRate && two.byteHitRate > random.byteHitRate)
        #expect(one.requests == 4_000 && two.requests == 4_000 && random.requests == 4_000)
        #expect(await counts(.ring(replicas: 2), 20).byteHitRate == 1)
        #expect(await counts(.random, 20).requestHitRate == 1)
    }

    @Test("Requests go to a task's replicas, and behind a Service to any seed peer")
    func routing() {
        let placement = Placement.of(peers: [0, 1, 2], [[0, 2], [2, 1]])
        let requests = (0..<300).map { Request(task: $0 % 2, piece: nil) }
        func counts(_ routing: Routing) -> [Int] {
            Request.routed(requests, by: routing, placement, seed: 1).map(\.requests.count)
        }
        #expect(counts(.ring(replicas: 1)) == [150, 0, 150])
        #expect(counts(.ring(replicas: 2)).allSatisfy { $0 > 50 } && counts(.random).allSatisfy { $0 > 70 })
        let warm = Request.routed(requests, by: .random, placement, seed: 1).map(\.warmUp)
        #expect(warm.reduce(0, +) == 150)
    }
}
