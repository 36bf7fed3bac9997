import CommandLineInterface
import HitRateWorkload

extension ValueKind<Double> {
    /// `1/16` or `0.0625`.
    static var scale: Self {
        Self { text throws(ValueProblem) in
            let parts = text.split(separator: "/", omittingEmptySubsequences: false).map { Double($0) }
            guard (1...2).contains(parts.count), let above = parts[0], let below = parts.count == 2 ? parts[1] : 1,
                (1.0 / 256...1).contains(above / below)
            else { throw ValueProblem("allowed are 1/256 to 1, such as 1/16 or 0.0625.") }
            return above / below
        }
    }
}

extension ValueKind<Policy> {
    static var allowed: String { "Allowed are " + Policy.table.map(\.name).joined(separator: ", ") + "." }

    static var policy: Self {
        Self(completion: .words(Policy.table.map(\.name))) { text throws(ValueProblem) in
            guard let policy = Policy.named(text) else { throw ValueProblem(allowed.sentenceStart) }
            return policy
        }
    }
}

extension ValueKind<Scenario> {
    static var allowed: String { "Allowed are " + Scenario.allCases.map(\.rawValue).joined(separator: ", ") + "." }

    static var scenario: Self {
        Self(completion: .words(Scenario.allCases.map(\.rawValue))) { text throws(ValueProblem) in
            guard let scenario = Scenario(rawValue: text) else { throw ValueProblem(allowed.sentenceStart) }
            return scenario
        }
    }
}

extension String {
    /// As it goes on behind a colon.
    fileprivate var sentenceStart: String { prefix(1).lowercased() + dropFirst() }
}
