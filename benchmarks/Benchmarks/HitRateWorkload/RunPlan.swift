/// Which policies are measured in which scenarios.
package struct RunPlan: Sendable {
    package struct Run: Sendable, Hashable {
        package let policy: Policy
        package let scenario: Scenario
    }

    /// In the order of scenarios. Those of the steady run begin with the baselines that the others are compared with.
    package let runs: [Run]

    /// - Parameters:
    ///   - scenarios: none means all.
    ///   - policies: none means those that each scenario is meant for.
    ///   - all: every policy in the steady run.
    package init(scenarios: [Scenario] = [], policies: [Policy] = [], all: Bool = false) {
        let scenarios = Scenario.allCases.filter { scenarios.isEmpty || scenarios.contains($0) }
        let others = scenarios.map { scenario in
            let chosen =
                policies.isEmpty
                ? all && scenario == .steady ? Policy.table : scenario.policies.compactMap(Policy.named) : policies
            return chosen.filter { !$0.isBaseline }.map { Run(policy: $0, scenario: scenario) }
        }.joined()
        let baselines = Policy.table.filter(\.isBaseline).filter { baseline in
            policies.contains(baseline) || others.contains { $0.policy.baseline == baseline }
        }
        runs = (baselines.map { Run(policy: $0, scenario: .steady) } + others).uniqued
    }
}

extension [RunPlan.Run] {
    /// Each once, where it comes first.
    fileprivate var uniqued: Self {
        var seen = Set<Element>()
        return filter { seen.insert($0).inserted }
    }
}
