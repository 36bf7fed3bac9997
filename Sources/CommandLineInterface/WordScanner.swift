import SeedSupport

/// Splits a command line word by word: `--name value`, `--name=value`, `-n value`, `-nvalue`, `-n=value`, several flags
/// of one letter together, and `--`, behind which every word is an argument. A value that begins with a dash must be
/// joined to its name by `=`.
struct WordScanner {
    private(set) var path: CommandPath
    private(set) var arguments = Arguments()
    private var rest: ArraySlice<String>
    private var plain: [String] = []

    init(_ root: Command, _ words: [String]) {
        path = CommandPath(root)
        rest = words[...]
    }

    mutating func scan() throws(UsageError) {
        while let word = rest.popFirst() {
            switch word {
            case "--":
                plain += rest
                rest = []
            case _ where word.hasPrefix("--"): try long(word)
            case _ where word.hasPrefix("-") && word != "-": try short(word)
            case _ where path.command.action == nil: try path.descend(to: word)
            default: plain.append(word)
            }
        }
        try place()
        try require()
        try path.command.validate(arguments)
    }

    private mutating func long(_ word: String) throws(UsageError) {
        let parts = word.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
        guard let option = path.command.options.first(where: { $0.longNames.contains(parts[0]) }) else {
            throw unknown(parts[0])
        }
        try take(option, as: parts[0], value: parts.count == 2 ? parts[1] : nil)
    }

    private mutating func short(_ word: String) throws(UsageError) {
        var letters = word.dropFirst()
        while let letter = letters.popFirst() {
            guard let option = path.command.options.first(where: { $0.short == letter }) else { throw unknown(word) }
            guard option.takesValue || letters.first == "=" else {
                try take(option, as: "-\(letter)", value: nil)
                continue
            }
            let value = letters.first == "=" ? letters.dropFirst() : letters
            return try take(option, as: "-\(letter)", value: letters.isEmpty ? nil : String(value))
        }
    }

    /// - Parameter value: what was joined to the name.
    private mutating func take(
        _ option: ParameterDeclaration, as name: String, value: String?
    ) throws(UsageError) {
        if option.takesValue {
            guard let value = value ?? nextValue() else {
                throw UsageError("Missing value for '\(name) <\(option.name)>'")
            }
            return try arguments.add(value, to: option, as: name)
        }
        if let value {
            throw UsageError("The option '\(name)' does not take any value, but '\(value)' was specified.")
        }
        arguments.set(option, name != "--no-\(option.name)")
    }

    private mutating func nextValue() -> String? {
        guard let word = rest.first, word == "-" || !word.hasPrefix("-") else { return nil }
        return rest.removeFirst()
    }

    /// Gives the arguments to their places.
    private mutating func place() throws(UsageError) {
        var words = plain[...]
        for declaration in path.command.arguments {
            repeat {
                guard let word = words.popFirst() else { break }
                try arguments.add(word, to: declaration, as: nil)
            } while declaration.isRepeated
        }
        guard words.isEmpty else { throw .unexpected(Array(words)) }
    }

    private func require() throws(UsageError) {
        let missing = path.command.parameters.first { $0.isRequired && !arguments.has($0) }
        if let missing { throw .missing(missing) }
    }

    private func unknown(_ name: String) -> UsageError {
        let names = path.command.options.flatMap(\.longNames) + ["--help", "--version"]
        return .unknown("option", name, nearest: name.hasPrefix("--") ? Nearness.name(like: name, in: names) : nil)
    }
}

/// Finds the known name closest to an unknown one.
enum Nearness {
    static func name(like word: String, in names: [String]) -> String? {
        let letters = word.utf8.drop { $0 == UInt8(ascii: "-") }.count
        return Spelling.nearest(to: word, in: names, limit: max(1, letters / 3))
    }
}
