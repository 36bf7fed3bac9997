import ArgumentParser
import DragonflyRequest
import Foundation
import HTTPTypes

/// What `get` and `lookup` have in common: the object, and the seed peers.
struct ClientOptions: ParsableArguments {
    @Argument(help: "The http or https URL of the object.")
    var url: String

    @Option(help: "Seed peers, by commas. The name is what a seed peer stands on the ring as; without it host:port.")
    var peers: String?

    @Option(
        help: """
            Find the seed peers by DNS: SRV records for a name that begins with _, such as \
            _proxy._tcp.seed-peer.NAMESPACE.svc.cluster.local, else addresses.
            """)
    var dns: String?

    @Option(help: "The port of the proxies, for --dns with addresses.")
    var port = 4001

    @Option(help: "Ask this DNS server, as address[:port].")
    var dnsServer: String?

    @Option(help: "How many seed peers share an object.")
    var replicas = 2

    @OptionGroup var task: TaskOptions

    @Flag(name: .customLong("no-health-check"), help: "Take every seed peer for healthy.")
    var skipsHealthCheck = false

    func validate() throws {
        guard (peers == nil) != (dns == nil) else { throw ValidationError("Name the seed peers: --peers or --dns.") }
    }

    var request: GetRequest {
        var request = GetRequest(
            url: url, pieceLength: task.pieceLength, tag: task.tag, application: task.application, replicas: replicas)
        if let names = task.filteredNames { request.filteredQueryParams = names }
        return request
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
        let refresh = RefreshPolicy(healthCheck: skipsHealthCheck ? .none : .connect)
        try await withDragonflyClient(discovery: discovery, refresh: refresh, configuration: configuration, body)
    }
}

/// The exit codes of `get` and `lookup`: who failed.
enum ClientFailure {
    static let table = """
        Exit codes: 0 done; 2 the request is wrong; 3 the origin refused; 4 a seed peer refused; 5 a seed peer failed; \
        6 there is no seed peer; 7 timeout; 8 a connection or a body broke; 9 the output cannot be written; \
        64 the command line is wrong.
        """

    private static func code(_ error: any Error) -> Int32 {
        switch error {
        case DragonflyError.invalidArgument: 2
        case DragonflyError.backend: 3
        case DragonflyError.proxy: 4
        case DragonflyError.dfdaemon: 5
        case DragonflyError.hostNotFound: 6
        case DragonflyError.timeout: 7
        case is DragonflyError: 8
        case is OutputError, is CocoaError: 9
        default: 1
        }
    }

    /// Says what failed on stderr and ends the program.
    static func report(_ body: () async throws -> Void) async throws {
        do {
            try await body()
        } catch {
            FileHandle.standardError.write(Data("seed-peer: \(error)\n".utf8))
            throw ExitCode(code(error))
        }
    }
}
