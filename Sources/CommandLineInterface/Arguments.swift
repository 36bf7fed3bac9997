/// The values of a command line, by the parameters that were declared for them.
package struct Arguments: Sendable {
    private var values: [String: [any Sendable]] = [:]

    package subscript<Value>(_ parameter: Parameter<Value>) -> Value {
        parameter.value(values[parameter.declaration.name] ?? [])
    }

    /// - Throws: if it is missing; a parsed command line has every required parameter.
    package func required<Value>(_ parameter: RequiredParameter<Value>) throws(UsageError) -> Value {
        guard let value = values[parameter.declaration.name]?.last as? Value else {
            throw UsageError.missing(parameter.declaration)
        }
        return value
    }

    func has(_ declaration: ParameterDeclaration) -> Bool { values[declaration.name] != nil }

    /// Reads a value and keeps it.
    /// - Parameter name: as it was written; nil for an argument.
    mutating func add(
        _ text: String, to declaration: ParameterDeclaration, as name: String?
    ) throws(UsageError) {
        do {
            values[declaration.name, default: []].append(try declaration.read(text))
        } catch {
            let place = name.map { "\($0) <\(declaration.name)>" } ?? "<\(declaration.name)>"
            throw UsageError("The value '\(text)' is invalid for '\(place)'" + (error.reason.map { ": \($0)" } ?? ""))
        }
    }

    mutating func set(_ declaration: ParameterDeclaration, _ isOn: Bool) {
        values[declaration.name, default: []].append(isOn)
    }
}

extension UsageError {
    static func missing(_ declaration: ParameterDeclaration) -> UsageError {
        UsageError("Missing expected argument '\(declaration.synopsis)'")
    }
}
