import ArgumentParser
import DragonflyRequest

/// Tells which seed peers serve a URL.
struct LookupCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "lookup", abstract: "Print the proxies of the seed peers that serve a URL, in ring order.",
        discussion: ClientFailure.table)

    @OptionGroup var options: ClientOptions

    @Flag(help: "Print JSON: {\"endpoints\": […]}.")
    var json = false

    func run() async throws {
        try await ClientFailure.report {
            try await options.withClient { client in
                let endpoints = try client.lookupEndpoints(options.request)
                print(json ? try JSONLines.text(["endpoints": endpoints]) : endpoints.joined(separator: "\n"))
            }
        }
    }
}
