/// An option, a flag or an argument that always has a value: the one given, its default, or nil.
package struct Parameter<Value: Sendable>: DeclaredParameter {
    package let declaration: ParameterDeclaration
    /// Makes the value of those read, in the order in which they were written.
    let value: @Sendable ([any Sendable]) -> Value

    /// An option; nil when it isn't given, the last one when it is given twice.
    package static func option<Given>(
        _ name: String, short: Character? = nil, _ kind: ValueKind<Given>, help: String
    ) -> Self where Value == Given? {
        Self(declaration: ParameterDeclaration(.option, name, short, help, kind), value: { $0.last as? Given })
    }

    /// An option with a default.
    package static func option(
        _ name: String, short: Character? = nil, _ kind: ValueKind<Value>, default standard: Value, help: String
    ) -> Self {
        Self(
            declaration: ParameterDeclaration(.option, name, short, help, kind, standard: "\(standard)"),
            value: { $0.last as? Value ?? standard })
    }

    /// An option that may be given again and again.
    package static func repeated<Given>(
        _ name: String, short: Character? = nil, _ kind: ValueKind<Given>, help: String
    ) -> Self where Value == [Given] {
        Self(
            declaration: ParameterDeclaration(.option, name, short, help, kind, isRepeated: true),
            value: { $0.compactMap { $0 as? Given } })
    }

    /// An argument; nil when it isn't given.
    package static func argument<Given>(
        _ name: String, _ kind: ValueKind<Given>, help: String
    ) -> Self where Value == Given? {
        Self(declaration: ParameterDeclaration(.argument, name, nil, help, kind), value: { $0.last as? Given })
    }

    /// All arguments from this place on.
    package static func arguments<Given>(
        _ name: String, _ kind: ValueKind<Given>, help: String
    ) -> Self where Value == [Given] {
        Self(
            declaration: ParameterDeclaration(.argument, name, nil, help, kind, isRepeated: true),
            value: { $0.compactMap { $0 as? Given } })
    }
}

extension Parameter<Bool> {
    /// A flag: true when it is given.
    package static func flag(_ name: String, short: Character? = nil, help: String) -> Self {
        Self(declaration: ParameterDeclaration(.flag, name, short, help, .text), value: { !$0.isEmpty })
    }

    /// A flag `--name` and its opposite `--no-name`; the last one given counts.
    package static func invertibleFlag(_ name: String, default standard: Bool, help: String) -> Self {
        let written = standard ? "--\(name)" : "--no-\(name)"
        return Self(
            declaration: ParameterDeclaration(.invertibleFlag, name, nil, help, .text, standard: written),
            value: { $0.last as? Bool ?? standard })
    }
}

/// An option or an argument without which the command line is refused.
package struct RequiredParameter<Value: Sendable>: DeclaredParameter {
    package let declaration: ParameterDeclaration

    package static func option(
        _ name: String, short: Character? = nil, _ kind: ValueKind<Value>, help: String
    ) -> Self {
        Self(declaration: ParameterDeclaration(.option, name, short, help, kind, isRequired: true))
    }

    package static func argument(_ name: String, _ kind: ValueKind<Value>, help: String) -> Self {
        Self(declaration: ParameterDeclaration(.argument, name, nil, help, kind, isRequired: true))
    }
}
