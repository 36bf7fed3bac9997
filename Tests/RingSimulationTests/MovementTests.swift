import Testing

@testable import RingSimulation

@Suite("What moves when a ring changes")
struct MovementTests {
    private static let workload = Workload.ofSizes([1, 2, 3, 4])

    private static func movement(_ before: Placement, _ after: Placement, replicas: Int = 1) -> Movement {
        Movement(from: before, to: after, replicas: replicas, workload)
    }

    @Test("The tasks of a seed peer that leaves move to those that stay; the share is that of tasks and of bytes")
    func leaving() {
        let before = Placement.of(peers: [0, 1, 2], [[0], [1], [2], [2]])
        let movement = Self.movement(before, .of(peers: [0, 1], [[0], [1], [0], [1]]))
        #expect(movement.taskShare == 0.5 && movement.byteShare == 0.7 && movement.misplaced == 0)
        #expect(abs(movement.ideal - 1.0 / 3) < 1e-12)
        #expect(!movement.holds, "half of the tasks are more than a third and 5 %")
    }

    @Test("A task that moves between two seed peers that stay is found")
    func misplaced() {
        let before = Placement.of(peers: [0, 1, 2], [[0], [1], [1], [1]])
        let joined = Self.movement(before, .of(peers: [0, 1, 2, 3], [[1], [1], [1], [3]]))
        #expect(joined.misplaced == 1 && joined.taskShare == 0.5 && !joined.holds)
        let left = Self.movement(before, .of(peers: [0, 1], [[0], [0], [1], [1]]))
        #expect(left.misplaced == 1 && left.taskShare == 0.25 && !left.holds)
    }

    @Test("Sets count, not their order, and a seed peer pushed out by one that joined is not misplaced")
    func sets() {
        let before = Placement.of(peers: [0, 1, 2], [[0, 1], [0, 1], [1, 2], [1, 2]])
        let after = Placement.of(peers: [0, 1, 2, 3], [[1, 0], [3, 0], [1, 2], [1, 2]])
        let movement = Self.movement(before, after, replicas: 2)
        #expect(movement.taskShare == 0.25 && movement.misplaced == 0 && movement.ideal == 0.5 && movement.holds)
    }

    @Test(
        "What has to move is the probability that a set has a seed peer that joined or left",
        arguments: [(3, 4, 1, 0.25), (3, 4, 3, 0.75), (3, 2, 3, 1), (10, 20, 2, 29.0 / 38)]
            as [(Int32, Int32, Int, Double)])
    func ideal(before: Int32, after: Int32, replicas: Int, share: Double) {
        let change = RingChange(from: Array(0..<before), to: Array(0..<after))
        #expect(abs(change.ideal(replicas: replicas) - share) < 1e-12)
    }

    @Test(
        "On the product's ring a change moves its own share and nothing between those that stay",
        arguments: [(3, 1), (10, 1), (30, 1), (30, 10)] as [(Int32, Int32)])
    func ring(size: Int32, change: Int32) async {
        let workload = await Workload.generated(count: 10_000, seed: 1)
        let small = await Placement.onRing(peers: Array(0..<size), replicas: 3, workload)
        let large = await Placement.onRing(peers: Array(0..<size + change), replicas: 3, workload)
        for replicas in 1...3 {
            for (before, after) in [(small, large), (large, small)] {
                let movement = Movement(from: before, to: after, replicas: replicas, workload)
                #expect(movement.misplaced == 0 && movement.taskShare <= movement.ideal + 0.05, "\(movement)")
                #expect(movement.taskShare > 0.5 * movement.ideal, "\(movement)")
            }
        }
    }
}
