import Testing

@testable import RingSimulation

@Suite("Balance and load")
struct BalanceTests {
    @Test("A spread has its figures")
    func spread() {
        let spread = Spread([2, 4, 4, 4, 5, 5, 7, 9])
        #expect(spread.minimum == 2 && spread.median == 4.5 && spread.mean == 5 && spread.maximum == 9)
        #expect(spread.deviation == 0.4 && spread.peak == 1.8)
        #expect(Spread([3, 1, 2]).median == 2)
        #expect(Spread([0, 0]).deviation == 0 && Spread([0, 0]).peak == 0)
    }

    @Test("Each replica holds the task, in tasks and in bytes, and a seed peer without tasks counts")
    func balance() {
        let placement = Placement.of(peers: [7, 8, 9], [[7, 8], [7, 8], [8, 7]])
        let workload = Workload.ofSizes([1, 2, 4])
        let one = Balance(placement, replicas: 1, workload)
        #expect(one.tasks == [2, 1, 0] && one.bytes == [3, 4, 0].map { $0 * 1_048_576 })
        #expect(Balance(placement, replicas: 2, workload).tasks == [3, 3, 0])
        #expect(Balance(placement, replicas: 3, workload).tasks == [3, 3, 0], "there are two replicas only")
    }

    @Test("Percentiles are multiples of the mean, from the smallest to the largest")
    func percentiles() {
        let row = BalanceRow(.tasks, replicas: 1, [3, 1, 2])
        #expect(row.percentiles.count == 101 && row.percentiles[0] == 0.5 && row.percentiles[100] == 1.5)
        #expect(row.percentiles[50] == 1)
    }

    @Test("Load is the popularity of a seed peer's tasks, shared by their replicas")
    func load() {
        // With exponent 1, two tasks are asked for 2 : 1.
        let placement = Placement.of(peers: [0, 1, 2], [[0, 1], [1, 2]])
        let workload = Workload.ofSizes([2, 4])
        func isNear(_ values: [Double], _ wanted: [Double]) -> Bool {
            zip(values, wanted).allSatisfy { abs($0 - $1) < 1e-12 } && values.count == wanted.count
        }
        let one = Load(.ring(replicas: 1), placement, exponent: 1, workload)
        #expect(isNear(one.requests, [2, 1, 0]) && isNear(one.bytes, [1.5, 1.5, 0]))
        let two = Load(.ring(replicas: 2), placement, exponent: 1, workload)
        #expect(isNear(two.requests, [1, 1.5, 0.5]) && isNear(two.bytes, [0.75, 1.5, 0.75]))
        #expect(Load(.random, placement, exponent: 1, workload).requests == [1, 1, 1])
    }
}
