/// Decides what a command line asks for. No input or output.
package struct CommandParser: Sendable {
    package enum Outcome: Sendable {
        case run(Command, Arguments, path: CommandPath)
        /// Print this text: help or the version.
        case print(String)
        case refused(UsageError, path: CommandPath)
    }

    package let root: Command
    package let version: String

    package init(_ root: Command, version: String) {
        self.root = root
        self.version = version
    }

    /// - Parameter words: without the program's own name.
    package func parse(_ words: [String]) -> Outcome {
        let ahead = words.prefix { $0 != "--" }
        if words.first == "help" { return help(on: words.dropFirst()) }
        if ahead.contains("--help") || ahead.contains("-h") { return .print(HelpText.help(deepest(in: ahead))) }
        if ahead.contains("--version") { return .print(version) }
        var scanner = WordScanner(root, words)
        do {
            try scanner.scan()
        } catch {
            return .refused(error, path: scanner.path)
        }
        guard scanner.path.command.action != nil else { return .print(HelpText.help(scanner.path)) }
        return .run(scanner.path.command, scanner.arguments, path: scanner.path)
    }

    /// `help SUBCOMMAND…`
    private func help(on names: ArraySlice<String>) -> Outcome {
        var path = CommandPath(root)
        do {
            for name in names where !name.hasPrefix("-") { try path.descend(to: name) }
        } catch {
            return .refused(error, path: path)
        }
        return .print(HelpText.help(path))
    }

    /// The deepest command that the words name, even if later words are invalid.
    private func deepest(in words: ArraySlice<String>) -> CommandPath {
        var path = CommandPath(root)
        for word in words where !word.hasPrefix("-") {
            guard (try? path.descend(to: word)) != nil else { break }
        }
        return path
    }
}

/// A command and those above it.
package struct CommandPath: Sendable {
    package private(set) var command: Command
    /// From the program down, such as `seed-peer`, `store`, `verify`.
    package private(set) var names: [String]

    package var name: String { names.joined(separator: " ") }

    init(_ root: Command) {
        command = root
        names = [root.name]
    }

    mutating func descend(to word: String) throws(UsageError) {
        guard !command.subcommands.isEmpty else { throw .unexpected([word]) }
        guard let next = command.subcommands.first(where: { $0.name == word }) else {
            throw .unknown("command", word, nearest: Nearness.name(like: word, in: command.subcommands.map(\.name)))
        }
        command = next
        names.append(word)
    }
}
