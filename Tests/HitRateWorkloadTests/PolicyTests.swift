import HitRateWorkload
import Testing

@Suite("How nodes pick a seed peer")
struct PolicyTests {
    private static let ready = ["a", "b", "c"]

    @Test("A round robin takes all in turn, and goes on with those that are left")
    func roundRobin() {
        var balancer = Balancer(.roundRobin, seed: 1)
        let chosen = (0..<6).compactMap { _ in balancer.choose(among: Self.ready) }
        #expect(Set(chosen[..<3]) == Set(Self.ready))
        #expect(chosen[..<3] == chosen[3...])
        #expect(Set((0..<4).compactMap { _ in balancer.choose(among: ["a", "c"]) }) == ["a", "c"])
    }

    @Test("Nodes begin their round robins at different seed peers")
    func turns() {
        let first = (0..<20).compactMap { (seed: UInt64) in
            var balancer = Balancer(.roundRobin, seed: seed)
            return balancer.choose(among: Self.ready)
        }
        #expect(Set(first).count == 3)
    }

    @Test("Random choices are the seed's, and reach all about equally often")
    func random() {
        var (one, same) = (Balancer(.random, seed: 3), Balancer(.random, seed: 3))
        let chosen = (0..<3_000).compactMap { _ in one.choose(among: Self.ready) }
        #expect(chosen == (0..<3_000).compactMap { _ in same.choose(among: Self.ready) })
        for name in Self.ready { #expect((850...1_150).contains(chosen.count { $0 == name })) }
    }

    @Test("Without a seed peer that is ready there is no choice", arguments: [Balancer.Rule.random, .roundRobin])
    func none(rule: Balancer.Rule) {
        var balancer = Balancer(rule, seed: 1)
        #expect(balancer.choose(among: []) == nil)
    }

    @Test("A connection keeps its seed peer, even when that is no longer ready, as long as it is open")
    func sticks() {
        var balancer = Balancer(.roundRobin, seed: 1)
        var connection = BalancedConnection(.connection)
        let first = connection.seedPeer(among: Self.ready, isOpen: { _ in true }, by: &balancer)
        for _ in 0..<5 {
            #expect(connection.seedPeer(among: Self.ready, isOpen: { _ in true }, by: &balancer) == first)
        }
        let others = Self.ready.filter { $0 != first }
        #expect(connection.seedPeer(among: others, isOpen: { _ in true }, by: &balancer) == first)
    }

    @Test("A connection that its seed peer closed chooses anew, among those that are ready")
    func closed() {
        var balancer = Balancer(.random, seed: 1)
        for _ in 0..<50 {
            var connection = BalancedConnection(.connection)
            let first = connection.seedPeer(among: Self.ready, isOpen: { _ in true }, by: &balancer)
            let others = Self.ready.filter { $0 != first }
            let next = connection.seedPeer(among: others, isOpen: { $0 != first }, by: &balancer)
            #expect(next.map(others.contains) == true)
        }
    }

    @Test("After a failed request a connection chooses anew")
    func failed() {
        var balancer = Balancer(.roundRobin, seed: 1)
        var connection = BalancedConnection(.connection)
        let first = connection.seedPeer(among: Self.ready, isOpen: { _ in true }, by: &balancer)
        connection.close()
        #expect(connection.seedPeer(among: Self.ready, isOpen: { _ in true }, by: &balancer) != first)
    }

    @Test("Balanced by request, a connection changes with each one")
    func perRequest() {
        var balancer = Balancer(.roundRobin, seed: 1)
        var connection = BalancedConnection(.request)
        let chosen = (0..<3).compactMap { _ in
            connection.seedPeer(among: Self.ready, isOpen: { _ in true }, by: &balancer)
        }
        #expect(Set(chosen).count == 3)
    }
}

@Suite("What is measured")
struct RunPlanTests {
    @Test("Names are unique, and each policy has a baseline in the table that prefetches alike")
    func table() {
        #expect(Set(Policy.table.map(\.name)).count == Policy.table.count)
        for policy in Policy.table {
            #expect(Policy.table.contains(policy.baseline))
            #expect(policy.baseline.prefetches == policy.prefetches)
        }
        #expect(Scenario.allCases.flatMap(\.policies).allSatisfy { Policy.named($0) != nil })
    }

    @Test("By default every scenario has its policies, and one baseline comes first")
    func standard() {
        let runs = RunPlan().runs
        #expect(runs.map(\.policy.name).first == "single")
        #expect(runs.count { $0.policy.isBaseline } == 1)
        for scenario in Scenario.allCases {
            let names = runs.filter { $0.scenario == scenario && !$0.policy.isBaseline }.map(\.policy.name)
            #expect(names == scenario.policies)
        }
    }

    @Test("One policy in one scenario brings its baseline in the steady run")
    func one() throws {
        let policy = try #require(Policy.named("sdk-1-prefetch"))
        let runs = RunPlan(scenarios: [.smallStore], policies: [policy]).runs
        #expect(runs.map(\.policy.name) == ["single-prefetch", "sdk-1-prefetch"])
        #expect(runs.map(\.scenario) == [.steady, .smallStore])
    }

    @Test("All means every policy in the steady run, once")
    func all() {
        let steady = RunPlan(all: true).runs.filter { $0.scenario == .steady }.map(\.policy)
        #expect(steady.count == Policy.table.count)
        #expect(Set(steady) == Set(Policy.table))
    }

    @Test("A small store has room for three quarters of its share")
    func smallStore() {
        #expect(Scenario.smallStore.storeLimit(uniqueBytes: 1_200, seedPeers: 3) == 300)
        #expect(Scenario.steady.storeLimit(uniqueBytes: 1_200, seedPeers: 3) == nil)
    }
}
