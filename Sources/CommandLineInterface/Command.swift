/// A command: its declaration, and what it does.
package struct Command: Sendable {
    package typealias Action = @Sendable (Arguments, Console) async throws -> ExitCode

    package let name: String
    /// A sentence.
    package let abstract: String
    /// Paragraphs for the help of this command; may be empty.
    package let discussion: String
    package let parameters: [ParameterDeclaration]
    package let subcommands: [Command]
    let validate: @Sendable (Arguments) throws(UsageError) -> Void
    /// Nil for a command that only groups sub-commands.
    let action: Action?

    /// - Parameters:
    ///   - validate: refuses combinations of values that are valid one by one.
    ///   - action: throws `UsageError` for mistakes that parsing alone can't detect.
    package init(
        _ name: String, abstract: String, discussion: String = "", parameters: [any DeclaredParameter] = [],
        validate: @escaping @Sendable (Arguments) throws(UsageError) -> Void = { _ in },
        action: @escaping Action
    ) {
        self.name = name
        self.abstract = abstract
        self.discussion = discussion
        self.parameters = parameters.map(\.declaration)
        subcommands = []
        self.validate = validate
        self.action = action
    }

    /// A command that only groups sub-commands.
    package init(_ name: String, abstract: String, discussion: String = "", subcommands: [Command]) {
        self.name = name
        self.abstract = abstract
        self.discussion = discussion
        parameters = []
        self.subcommands = subcommands
        validate = { _ in }
        action = nil
    }

    package var options: [ParameterDeclaration] { parameters.filter { $0.form != .argument } }
    package var arguments: [ParameterDeclaration] { parameters.filter { $0.form == .argument } }
}
