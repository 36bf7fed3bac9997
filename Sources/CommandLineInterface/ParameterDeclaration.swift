/// A command-line parameter without its type: the source of the parser, the help, completions and manual pages.
package struct ParameterDeclaration: Sendable {
    package enum Form: Sendable, Hashable {
        /// A value at its place.
        case argument
        /// A name with a value behind it.
        case option
        /// A name alone.
        case flag
        /// A flag that `--no-…` turns off.
        case invertibleFlag
    }

    package let form: Form
    /// Without dashes.
    package let name: String
    /// One more name, of one letter.
    package let short: Character?
    /// A sentence.
    package let help: String
    /// The default as written on a command line; nil if there is none.
    package let standard: String?
    package let isRepeated: Bool
    package let isRequired: Bool
    package let completion: Completion
    let read: @Sendable (String) throws(ValueProblem) -> any Sendable

    init<Value>(
        _ form: Form, _ name: String, _ short: Character?, _ help: String, _ kind: ValueKind<Value>,
        standard: String? = nil, isRepeated: Bool = false, isRequired: Bool = false
    ) {
        self.form = form
        self.name = name
        self.short = short
        self.help = help
        self.standard = standard
        self.isRepeated = isRepeated
        self.isRequired = isRequired
        completion = kind.completion
        read = { text throws(ValueProblem) in try kind.read(text) }
    }

    /// The names that begin with two dashes.
    package var longNames: [String] {
        switch form {
        case .argument: []
        case .option, .flag: ["--\(name)"]
        case .invertibleFlag: ["--\(name)", "--no-\(name)"]
        }
    }

    var takesValue: Bool { form == .option }

    /// As the usage line and messages name it: `--name <name>`, `<name>`, `--name`.
    var synopsis: String {
        switch form {
        case .argument: "<\(name)>"
        case .option: "--\(name) <\(name)>"
        case .flag: "--\(name)"
        case .invertibleFlag: "--\(name)/--no-\(name)"
        }
    }
}

/// A declaration with the type of its value.
package protocol DeclaredParameter: Sendable {
    var declaration: ParameterDeclaration { get }
}
