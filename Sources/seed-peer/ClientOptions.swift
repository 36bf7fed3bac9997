import CommandLineInterface
import DragonflyRequest
import SeedSupport

/// What `get` and `lookup` have in common: the object, and the seed peers.
struct ClientOptions {
    private static let url = RequiredParameter.argument(
        "url", .text, help: "The http or https URL of the object.")
    private static let peers = Parameter.option(
        "peers", .text,
        help: """
            Seed peers as [name=]host[:port], by commas. The name is what a seed peer stands on the ring as; without it \
            host:port.
            """)
    private static let dns = Parameter.option(
        "dns", .text,
        help: """
            Find the seed peers by DNS: SRV records for a name that begins with _, such as \
            _proxy._tcp.seed-peer.NAMESPACE.svc.cluster.local, else addresses.
            """)
    private static let port = Parameter.option(
        "port", ValueKind<Int>.whole(), default: 4001, help: "The port of the proxies, for --dns with addresses.")
    private static let dnsServer = Parameter.option(
        "dns-server", .text, help: "Ask this DNS server, as address[:port].")
    private static let replicas = Parameter.option(
        "replicas", ValueKind<Int>.whole(), default: 2, help: "How many seed peers share an object.")
    private static let skipsHealthCheck = Parameter.flag(
        "no-health-check", help: "Take every seed peer for healthy.")

    static let parameters: [any DeclaredParameter] =
        [url, peers, dns, port, dnsServer, replicas] + TaskOptions.parameters + [skipsHealthCheck]

    let request: GetRequest
    private let peers: String?
    private let dns: String?
    private let port: Int
    private let dnsServer: String?
    private let healthCheck: HealthCheck

    static func validate(_ arguments: Arguments) throws(UsageError) {
        guard (arguments[peers] == nil) != (arguments[dns] == nil) else {
            throw UsageError("Name the seed peers: --peers or --dns.")
        }
    }

    init(_ arguments: Arguments) throws(UsageError) {
        let task = TaskOptions(arguments)
        var request = GetRequest(
            url: try arguments.required(Self.url), pieceLength: task.pieceLength, tag: task.tag,
            application: task.application, replicas: arguments[Self.replicas])
        if let names = task.filteredNames { request.filteredQueryParams = names }
        self.request = request
        peers = arguments[Self.peers]
        dns = arguments[Self.dns]
        port = arguments[Self.port]
        dnsServer = arguments[Self.dnsServer]
        healthCheck = arguments[Self.skipsHealthCheck] ? .none : .connect
    }

    /// Lends a client for the seed peers named.
    func withClient(
        _ configuration: ClientConfiguration = ClientConfiguration(), _ body: (DragonflyClient) async throws -> Void
    ) async throws {
        let discovery: any SeedPeerDiscovery =
            if let dns {
                try DNSDiscovery(dns, port: port, server: dnsServer)
            } else {
                try FixedDiscovery(peers ?? "")
            }
        try await withDragonflyClient(
            discovery: discovery, refresh: RefreshPolicy(healthCheck: healthCheck), configuration: configuration, body)
    }
}

/// The exit codes of `get` and `lookup`: who failed.
enum ClientFailure {
    static let table = """
        Exit codes: 0 done; 2 the request is wrong; 3 the origin refused; 4 a seed peer refused; 5 a seed peer failed; \
        6 there is no seed peer; 7 timeout; 8 a connection or a body broke; 9 the output cannot be written; \
        64 the command line is wrong.
        """

    private static func code(_ error: any Error) -> ExitCode {
        switch error {
        case DragonflyError.invalidArgument: ExitCode(2)
        case DragonflyError.backend: ExitCode(3)
        case DragonflyError.proxy: ExitCode(4)
        case DragonflyError.dfdaemon: ExitCode(5)
        case DragonflyError.hostNotFound: ExitCode(6)
        case DragonflyError.timeout: ExitCode(7)
        case is DragonflyError: ExitCode(8)
        case is DragonflyRequest.OutputError, is CommandLineInterface.OutputError: ExitCode(9)
        default: .failure
        }
    }

    /// Says what failed on stderr, and gives the exit code.
    static func report(on console: Console, _ body: () async throws -> Void) async -> ExitCode {
        do {
            try await body()
            return .success
        } catch {
            // It may contain text from a remote server.
            console.report(LogText.escaped("seed-peer: \(error)"))
            return code(error)
        }
    }
}
