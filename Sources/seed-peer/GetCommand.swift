import CommandLineInterface
import DragonflyRequest
import Glibc
import HTTPSemantics
import SeedSupport

/// Gets an object through the seed peers that serve it.
enum GetCommand {
    private static let output = Parameter.option(
        "output", short: "o", .file, default: "-", help: "The file to write, or a device or FIFO; - is standard output."
    )
    private static let range = Parameter.option(
        "range", .byteRange, help: "The bytes wanted, from 0, both ends included: A-B.")
    private static let header = Parameter.repeated(
        "header", short: "H", .headerField,
        help: "A header field for the origin, \"Name: value\"; repeat for each.")
    private static let parallel = Parameter.option(
        "parallel", ValueKind<Int>.whole(), default: 4,
        help: "Ranges asked for at the same time, 1 to 64; 1 for standard output means one stream.")
    private static let retries = Parameter.option(
        "retries", ValueKind<Int>.whole(), default: 3, help: "How often a failed request is tried again, 0 to 10.")
    private static let timeout = Parameter.option(
        "timeout", ValueKind<Int>.whole(), default: 600, help: "The limit of one attempt, in seconds.")
    private static let firstByteTimeout = Parameter.option(
        "first-byte-timeout", ValueKind<Int>.whole(), default: 10,
        help: "How many seconds a seed peer may send nothing, before it must show that it still answers.")
    private static let ca = Parameter.option(
        "ca", .file, help: "A PEM file with the seed peers' own authority, for https URLs.")
    private static let insecure = Parameter.flag("insecure", help: "Take any certificate for https URLs.")
    private static let fallback = Parameter.flag(
        "fallback", help: "Ask the origin itself when no seed peer can be used.")
    private static let json = Parameter.flag(
        "json",
        help: "Print status, header and seed peer as JSON; on stderr when the object goes to standard output.")

    static let command = Command(
        "get", abstract: "Get an object through the seed peers that serve it.",
        discussion: """
            An output file appears when it is complete. Until then its bytes are in FILE.part, and the same command goes \
            on from there as long as the object is the same. What a symbolic link leads to is written, and a device or FIFO \
            as the bytes come; neither is replaced.

            \(ClientFailure.table)
            """,
        parameters: ClientOptions.parameters + [
            output, range, header, parallel, retries, timeout, firstByteTimeout, ca, insecure, fallback, json,
        ],
        validate: { arguments throws(UsageError) in
            try ClientOptions.validate(arguments)
            guard arguments[ca] == nil || !arguments[insecure] else {
                throw UsageError("--ca and --insecure exclude each other.")
            }
        }, action: run)

    @Sendable
    private static func run(_ arguments: Arguments, _ console: Console) async throws -> ExitCode {
        if arguments[output] == "-", isatty(STDOUT_FILENO) == 1 {
            throw UsageError("Standard output is a terminal: name a file with --output.")
        }
        let options = try ClientOptions(arguments)
        var request = options.request
        request.headers = HTTPFields(arguments[header])
        request.range = arguments[range]
        request.timeout = .seconds(arguments[timeout])
        let counters = RequestCounters()
        let configuration = ClientConfiguration(
            retry: RetryPolicy(maxRetries: arguments[retries], backoff: .exponential()),
            firstByteTimeout: .seconds(arguments[firstByteTimeout]), trust: trust(arguments),
            fallsBackToOrigin: arguments[fallback], metrics: counters)
        let bar = ProgressBar(isShown: !arguments[json] && isatty(STDERR_FILENO) == 1, console: console)
        return await ClientFailure.report(on: console) { [request] in
            try await options.withClient(configuration) { client in
                let head = try await fetch(request, by: client, arguments, bar)
                bar.finish()
                guard arguments[json] else { return }
                let report = try JSONLines.text(Report(head, counters.values))
                if StandardOutput.isNamed(by: arguments[output]) {
                    console.report(report)
                } else {
                    try console.print(report)
                }
            }
        }
    }

    private static func fetch(
        _ request: GetRequest, by client: DragonflyClient, _ arguments: Arguments, _ bar: ProgressBar
    ) async throws -> ResponseHead {
        let options = DownloadOptions(parallel: arguments[parallel])
        let progress: @Sendable (DownloadProgress) -> Void = { bar.show($0.received, of: $0.total) }
        guard arguments[output] == "-" else {
            return try await client.download(
                request, toFile: arguments[output], options: options, progress: progress)
        }
        guard arguments[parallel] > 1 else { return try await client.get(request, writingTo: StandardOutput.write) }
        return try await client.download(
            request, options: options, progress: progress, writingTo: StandardOutput.write)
    }

    private static func trust(_ arguments: Arguments) -> PeerTrust {
        if arguments[insecure] { return .unverified }
        return arguments[ca].map { .authorityFile($0) } ?? .system
    }

    /// With the names that the end-to-end tests of Dragonfly's own libraries look for.
    private struct Report: Encodable {
        let statusCode: Int
        let header: [String: String]
        let endpoint: String
        let hits: Int
        let misses: Int
        let attempts: Int

        init(_ head: ResponseHead, _ counters: RequestCounters.Values) {
            statusCode = head.status
            header = Dictionary(head.headers.map { ($0.name.canonicalName, $0.value) }) { $1 }
            endpoint = head.endpoint
            (hits, misses, attempts) = (counters.hits, counters.misses, counters.attempts)
        }

        private enum CodingKeys: String, CodingKey {
            case header, endpoint, hits, misses, attempts
            case statusCode = "status_code"
        }
    }
}

extension ValueKind<HTTPField> {
    fileprivate static var headerField: Self {
        Self { text throws(ValueProblem) in
            let parts = text.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
            let value = HTTPField.Value(validating: Array((parts.last ?? "").utf8).trimmingBlanks)
            guard parts.count == 2, let name = HTTPField.Name(parts[0]), let value else {
                throw ValueProblem("write \"Name: value\".")
            }
            return HTTPField(name: name, content: value)
        }
    }
}

extension ValueKind<Range<Int64>> {
    fileprivate static var byteRange: Self {
        Self { text throws(ValueProblem) in
            let ends = text.split(separator: "-", omittingEmptySubsequences: false).map { Int64($0) }
            guard ends.count == 2, let first = ends[0], let last = ends[1], first <= last, last < .max else {
                throw ValueProblem("write A-B.")
            }
            return first..<last + 1
        }
    }
}

/// Where `-` goes.
private enum StandardOutput {
    /// Whether bytes written to `path` go there, such as to `/dev/stdout`.
    static func isNamed(by path: String) -> Bool {
        var (named, own) = (stat(), stat())
        guard path != "-" else { return true }
        guard stat(path, &named) == 0, fstat(STDOUT_FILENO, &own) == 0 else { return false }
        return named.st_dev == own.st_dev && named.st_ino == own.st_ino
    }

    static func write(_ chunk: ByteChunk) async throws {
        do {
            try chunk.withUnsafeBytes { bytes throws(Errno) in try System.writeAll(STDOUT_FILENO, bytes) }
        } catch {
            throw CommandLineInterface.OutputError(reason: "\(error)")
        }
    }
}
