/// A program made of commands: does what its command line asks for, and says how it ended.
package struct Program: Sendable {
    package let parser: CommandParser

    package init(_ root: Command, version: String) {
        parser = CommandParser(root, version: version)
    }

    /// - Parameter words: the command line without the program's own name.
    /// - Returns: 64 when it is wrong, 1 when the command failed, else what the command says.
    package func run(_ words: [String], console: Console = .standard) async -> ExitCode {
        do {
            switch parser.parse(words) {
            case .print(let text):
                try console.print(text)
                return .success
            case .refused(let error, let path): return Self.refuse(error, path, console)
            case .run(let command, let arguments, let path):
                return try await Self.run(command, arguments, path, console)
            }
        } catch {
            console.report("Error: \(error)")
            return .failure
        }
    }

    private static func run(
        _ command: Command, _ arguments: Arguments, _ path: CommandPath, _ console: Console
    ) async throws -> ExitCode {
        do {
            return try await command.action?(arguments, console) ?? .success
        } catch let error as UsageError {
            return refuse(error, path, console)
        }
    }

    private static func refuse(_ error: UsageError, _ path: CommandPath, _ console: Console) -> ExitCode {
        console.report("Error: \(error)\n\(HelpText.usage(path))")
        return .wrongCommandLine
    }
}
