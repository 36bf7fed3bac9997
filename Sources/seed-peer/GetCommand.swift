import ArgumentParser
import DragonflyRequest
import Foundation
import HTTPTypes

/// Gets an object through the seed peers that serve it.
struct GetCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "get", abstract: "Get an object through the seed peers that serve it.",
        discussion: """
            An output file appears when it is complete. Until then its bytes are in FILE.part, and the same command goes \
            on from there as long as the object is the same.

            \(ClientFailure.table)
            """)

    @OptionGroup var options: ClientOptions

    @Option(name: [.short, .long], help: "The file to write; - is standard output.")
    var output = "-"

    @Option(help: "The bytes wanted, from 0, both ends included: A-B.", transform: range)
    var range: Range<Int64>?

    @Option(name: [.customShort("H"), .long], help: "A header field for the origin, \"Name: value\"; repeat for each.")
    var header: [String] = []

    @Option(help: "Ranges asked for at the same time, 1 to 64; 1 for standard output means one stream.")
    var parallel = 4

    @Option(help: "How often a failed request is tried again, 0 to 10.")
    var retries = 3

    @Option(help: "The limit of one attempt, in seconds.")
    var timeout = 600

    @Option(help: "A PEM file with the seed peers' own authority, for https URLs.")
    var ca: String?

    @Flag(help: "Take any certificate for https URLs.")
    var insecure = false

    @Flag(help: "Ask the origin itself when no seed peer can be used.")
    var fallback = false

    @Flag(help: "Print status, header and seed peer as JSON; on stderr when the object goes to standard output.")
    var json = false

    func validate() throws {
        guard ca == nil || !insecure else { throw ValidationError("--ca and --insecure exclude each other.") }
        if output == "-", isatty(STDOUT_FILENO) == 1 {
            throw ValidationError("Standard output is a terminal: name a file with --output.")
        }
        _ = try fields()
    }

    func run() async throws {
        try await ClientFailure.report {
            let request = try makeRequest()
            let counters = RequestCounters()
            let configuration = ClientConfiguration(
                retry: RetryPolicy(maxRetries: retries, backoff: .exponential()), trust: trust,
                fallsBackToOrigin: fallback, metrics: counters)
            try await options.withClient(configuration) { client in
                let bar = ProgressBar(isShown: !json && isatty(STDERR_FILENO) == 1)
                let head = try await fetch(request, client, bar)
                bar.finish()
                if json { try print(head, counters.values) }
            }
        }
    }

    private func fetch(_ request: GetRequest, _ client: DragonflyClient, _ bar: ProgressBar) async throws
        -> ResponseHead
    {
        let download = DownloadOptions(parallel: parallel)
        let progress: @Sendable (DownloadProgress) -> Void = { bar.show($0) }
        guard output == "-" else {
            return try await client.download(request, toFile: output, options: download, progress: progress)
        }
        guard parallel > 1 else { return try await client.get(request, writingTo: StandardOutput.write) }
        return try await client.download(
            request, options: download, progress: progress, writingTo: StandardOutput.write)
    }

    private func makeRequest() throws -> GetRequest {
        var request = options.request
        request.headers = try fields()
        request.range = range
        request.timeout = .seconds(timeout)
        return request
    }

    private var trust: PeerTrust {
        if insecure { return .unverified }
        return ca.map { .authorityFile($0) } ?? .system
    }

    private func fields() throws -> HTTPFields {
        try header.reduce(into: HTTPFields()) { fields, line in
            let parts = line.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
            let value = parts.last.map { $0.trimmingCharacters(in: .whitespaces) } ?? ""
            guard parts.count == 2, let name = HTTPField.Name(String(parts[0])), HTTPField.isValidValue(value) else {
                throw ValidationError("\"\(line)\" is not a header field; write \"Name: value\".")
            }
            fields.append(HTTPField(name: name, value: value))
        }
    }

    private static func range(_ text: String) throws -> Range<Int64> {
        let ends = text.split(separator: "-", omittingEmptySubsequences: false).map { Int64($0) }
        guard ends.count == 2, let first = ends[0], let last = ends[1], first <= last, last < .max else {
            throw ValidationError("\(text) is not a range; write A-B.")
        }
        return first..<last + 1
    }

    /// With the names the end-to-end tests of Dragonfly's own libraries look for.
    private func print(_ head: ResponseHead, _ counters: RequestCounters.Values) throws {
        let report = Report(
            statusCode: head.status,
            header: Dictionary(head.headers.map { ($0.name.canonicalName, $0.value) }) { $1 },
            endpoint: head.endpoint, hits: counters.hits, misses: counters.misses, attempts: counters.attempts)
        let text = Data((try JSONLines.text(report) + "\n").utf8)
        (output == "-" ? FileHandle.standardError : FileHandle.standardOutput).write(text)
    }

    private struct Report: Encodable {
        let statusCode: Int
        let header: [String: String]
        let endpoint: String
        let hits: Int
        let misses: Int
        let attempts: Int

        private enum CodingKeys: String, CodingKey {
            case header, endpoint, hits, misses, attempts
            case statusCode = "status_code"
        }
    }
}

/// Where `-` goes.
private enum StandardOutput {
    static func write(_ chunk: ByteChunk) async throws {
        try FileHandle.standardOutput.write(contentsOf: Data(chunk))
    }
}
