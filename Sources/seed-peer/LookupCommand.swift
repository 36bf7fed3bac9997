import CommandLineInterface
import DragonflyRequest

/// Tells which seed peers serve a URL.
enum LookupCommand {
    private static let json = Parameter.flag("json", help: "Print JSON: {\"endpoints\": […]}.")

    static let command = Command(
        "lookup", abstract: "Print the proxies of the seed peers that serve a URL, in ring order.",
        discussion: ClientFailure.table, parameters: ClientOptions.parameters + [json],
        validate: ClientOptions.validate, action: run)

    @Sendable
    private static func run(_ arguments: Arguments, _ console: Console) async throws -> ExitCode {
        let options = try ClientOptions(arguments)
        return await ClientFailure.report(on: console) {
            try await options.withClient { client in
                let endpoints = try await client.lookupEndpoints(options.request)
                try console.print(
                    arguments[json]
                        ? try JSONLines.text(["endpoints": endpoints]) : endpoints.joined(separator: "\n"))
            }
        }
    }
}
