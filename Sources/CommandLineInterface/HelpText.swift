/// The help of a command, made from its declaration.
enum HelpText {
    /// Columns of a line.
    private static let width = 80
    /// The column where explanations begin.
    private static let margin = 26

    static func help(_ path: CommandPath) -> String {
        let command = path.command
        let options = command.options.map { ($0.label, $0.explanation) } + builtIn
        let blocks = [
            wrapped("OVERVIEW: \(command.abstract)"),
            command.discussion.split(separator: "\n", omittingEmptySubsequences: false)
                .map { wrapped(String($0)) }.joined(separator: "\n"),
            wrapped(["USAGE:"] + synopsis(path)),
            section("ARGUMENTS", command.arguments.map { ($0.synopsis, $0.explanation) }),
            section("OPTIONS", options),
            section("SUBCOMMANDS", command.subcommands.map { ($0.name, $0.abstract) }),
            command.subcommands.isEmpty ? "" : "  See '\(helpCommand(path)) <subcommand>' for detailed help.",
        ]
        return blocks.filter { !$0.isEmpty }.joined(separator: "\n\n")
    }

    /// The two lines shown for an invalid command line.
    static func usage(_ path: CommandPath) -> String {
        "Usage: \(synopsis(path).joined(separator: " "))\n  See '\(path.name) --help' for more information."
    }

    private static let builtIn = [
        ("--version", "Show the version."), ("-h, --help", "Show help information."),
    ]

    private static func helpCommand(_ path: CommandPath) -> String {
        (path.names.prefix(1) + ["help"] + path.names.dropFirst()).joined(separator: " ")
    }

    /// The usage line, in parts that must not be split.
    private static func synopsis(_ path: CommandPath) -> [String] {
        let command = path.command
        let parameters = (command.options + command.arguments).map(\.usage)
        return [path.name] + parameters + (command.subcommands.isEmpty ? [] : ["<subcommand>"])
    }

    private static func section(_ title: String, _ rows: [(label: String, text: String)]) -> String {
        rows.isEmpty ? "" : "\(title):\n" + rows.map(row).joined(separator: "\n")
    }

    private static func row(_ label: String, _ text: String) -> String {
        let text = wrapped(text, indent: margin)
        let label = "  \(label)"
        guard label.count < margin else { return "\(label)\n\(text)" }
        return label + String(repeating: " ", count: margin - label.count) + text.dropFirst(margin)
    }

    private static func wrapped(_ text: String, indent: Int = 0) -> String {
        wrapped(text.split(separator: " ").map(String.init), indent: indent)
    }

    /// The words in lines; a longer word gets a line of its own.
    private static func wrapped(_ words: [String], indent: Int = 0) -> String {
        let blank = String(repeating: " ", count: indent)
        var lines: [String] = []
        for word in words {
            if let last = lines.last, last.count + 1 + word.count <= width {
                lines[lines.count - 1] += " " + word
            } else {
                lines.append(blank + word)
            }
        }
        return lines.joined(separator: "\n")
    }
}

extension ParameterDeclaration {
    /// As the list of options names it: `-c, --config <config>`.
    fileprivate var label: String { (short.map { "-\($0), " } ?? "") + synopsis }

    fileprivate var explanation: String { help + (standard.map { " (default: \($0))" } ?? "") }

    /// As in the usage line: optional parts in brackets, repeatable ones with dots.
    fileprivate var usage: String {
        let words = synopsis + (isRepeated ? " ..." : "")
        return isRequired ? words : "[\(words)]"
    }
}
