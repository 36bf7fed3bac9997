import DragonflyRequest
import HTTPSemantics
import SeedTestSupport
import Testing

@Suite("The vectors, through the public surface")
struct VectorTests {
    @Test("Task ids and canonical URLs")
    func taskIDs() {
        for vector in Vectors.all.taskIDs {
            let kind = vector.input.kind ?? "url"
            let task = try? vector.input.task(usesBlobDigest: kind.hasSuffix("_digest"))
            let isNamed = kind == "url" || task?.variant.rawValue == (kind == "content" ? "content" : kind.camelCased)
            #expect((isNamed ? task?.id : nil) == vector.expected, "\(vector.input)")
            if let canonical = vector.canonical {
                #expect(task?.canonicalURL.utf8.elementsEqual(canonical.utf8) == true, "\(vector.input)")
            }
        }
    }

    @Test("Which variant names a task")
    func variants() {
        for vector in Vectors.all.variants {
            do {
                let task = try vector.input.request.task()
                #expect(vector.error == nil, "\(vector.input)")
                #expect(task.variant.rawValue == vector.variant.camelCased, "\(vector.input)")
                if let id = vector.expected { #expect(task.id == id) }
            } catch {
                #expect(vector.error.map { error.description.hasPrefix($0) } == true, "\(error)")
            }
        }
    }

    @Test("The filter of the query")
    func queries() {
        for vector in Vectors.all.queries {
            let task = try? DragonflyTask(url: vector.url, filteredQueryParams: vector.filter.names)
            #expect(task?.canonicalURL == vector.expected, "\(vector.url)")
        }
    }

    @Test("Hosts of a ring")
    func rings() {
        let hosts = Vectors.all.rings.filter { $0.level == "host" }
        #expect(hosts.count > 100)
        for vector in hosts {
            let names = SeedPeerRing(vector.nodes).names(forTaskID: vector.key, replicas: vector.replicas)
            #expect(names == vector.expected, "\(vector.key)")
        }
    }

    @Test("Seed peers of a request")
    func selections() async throws {
        for vector in Vectors.all.selections {
            let peers = try vector.nodes.enumerated().map {
                try SeedPeer(name: $1, host: "127.0.0.1", port: 4001 + $0)
            }
            let client = try await DragonflyClient(
                discovery: FixedDiscovery(peers), refresh: RefreshPolicy(healthCheck: .none))
            let request = vector.input.request
            #expect(try request.task().id == vector.taskID)
            let found = try await client.lookupSeedPeers(request)
            #expect(found.map(\.name) == vector.expected)
            #expect(try await client.lookupEndpoints(request) == found.map { "http://127.0.0.1:\($0.port)" })
        }
    }

    @Test("What a refusal means")
    func refusals() {
        let answers = Vectors.all.headers.compactMap(\.answer)
        #expect(answers.count == 5)
        for (input, expected) in answers {
            var fields = HTTPFields()
            fields[HTTPField.Name("X-Dragonfly-Error-Type")!] = input.type
            let error = DragonflyError(status: input.status, headers: fields, message: input.body)
            #expect(error.kind == expected.error)
            #expect(error.refusal?.status == expected.status)
            if let message = expected.message { #expect(error.refusal?.message == message) }
            if let part = expected.messagePart { #expect(error.refusal?.message.contains(part) == true) }
        }
    }

    @Test("The headers a seed peer gets")
    func headers() async throws {
        let requests = Vectors.all.headers.compactMap(\.request)
        #expect(requests.count == 2)
        for (input, expected) in requests {
            let peer = try FaultyOrigin { _, connection in connection.respond() }
            defer { peer.stop() }
            let client = try EndpointClient(endpoints: [peer.url])
            _ = try await client.get(input.request)
            let sent = try #require(peer.requests.first?.headers)
            for (name, value) in expected { #expect(sent[HTTPField.Name(name)!] == value, "\(name)") }
            #expect(sent.count == expected.count + 1, "besides these only Host: \(sent)")
        }
    }

    @Test("How often a refused get is tried", arguments: Vectors.all.retries.filter { $0.op == "get" })
    func retries(vector: RetryVector) async throws {
        let peer = try FaultyOrigin { _, connection in
            connection.respond("\(vector.status ?? 0) Refused", ["X-Dragonfly-Error-Type: \(vector.type ?? "")"])
        }
        defer { peer.stop() }
        let client = try EndpointClient(
            endpoints: [peer.url], configuration: .init(retry: RetryPolicy(maxRetries: vector.maxRetries)))
        let error = await #expect(throws: DragonflyError.self) { try await client.get(GetRequest(url: "http://o/f")) }
        #expect(error?.kind == vector.type)
        #expect(error?.refusal?.status == vector.status)
        #expect(peer.requests.count == vector.calls)
    }

    @Test("Which errors are worth a retry")
    func retryables() {
        // Errors of gRPC come with the calls that use it.
        for vector in Vectors.all.retryables where !vector.error.hasPrefix("grpc:") {
            #expect(DragonflyError(vector.error)?.isRetryable == vector.retryable, "\(vector.error)")
        }
    }

    @Test("Pauses between attempts")
    func delays() {
        for vector in Vectors.all.delays {
            let backoff = vector.initial.map {
                Backoff.exponential(
                    initial: .milliseconds($0), maximum: .milliseconds(vector.maximum ?? 60_000),
                    factor: vector.factor ?? 2, jitter: false)
            }
            let policy = RetryPolicy(maxRetries: vector.maxRetries, backoff: backoff)
            let delays = (0..<policy.maxRetries).map { policy.delay(beforeRetry: $0) }
            #expect(delays == vector.expected.map { .milliseconds($0) })
        }
    }

    @Test("Which endpoint each attempt goes to", arguments: Vectors.all.rotations)
    func rotations(vector: RotationVector) async throws {
        let failures = Counter(vector.failures)
        let peers = try vector.endpoints.map { _ in
            try FaultyOrigin { _, connection in
                connection.respond(failures.takeOne() ? "503 Busy" : "200 OK")
            }
        }
        defer { peers.forEach { $0.stop() } }
        guard !peers.isEmpty else {
            #expect(throws: DragonflyError.self) { try EndpointClient(endpoints: []) }
            return
        }
        let client = try EndpointClient(
            endpoints: peers.map(\.url), configuration: .init(retry: RetryPolicy(maxRetries: vector.maxRetries)))
        let answer = try? await client.get(GetRequest(url: "http://o/f"))
        #expect((answer != nil) == vector.isFine)
        let counts = peers.map(\.requests.count)
        #expect(counts.reduce(0, +) == vector.attempts)
        #expect((counts.max() ?? 0) - (counts.min() ?? 0) <= 1, "they take turns: \(counts)")
    }

    @Test("How endpoints are written")
    func formats() throws {
        for vector in Vectors.all.formats {
            let peer = try SeedPeer(host: vector.ip, port: vector.port)
            switch vector.scheme {
            case nil: #expect(peer.name == vector.expected)
            case "http": #expect(peer.endpoint == vector.expected)
            // Seed peers are reached by http alone.
            default: #expect(peer.endpoint == "http" + vector.expected.dropFirst(5))
            }
        }
    }

    @Test("What is refused before anything is sent")
    func validations() async throws {
        // The rest is about the scheduler and about calls by gRPC.
        let ours = Vectors.all.validations.filter {
            $0.input.maxRetries != nil || $0.input.interval != nil || $0.op == "get"
        }
        #expect(ours.count == 7)
        for vector in ours {
            let error = await #expect(throws: DragonflyError.self) { try await Self.make(vector) }
            #expect(error?.kind == vector.expected, "\(vector.op) \(vector.input)")
        }
    }

    private static func make(_ vector: ValidationVector) async throws {
        let configuration = ClientConfiguration(retry: RetryPolicy(maxRetries: vector.input.maxRetries ?? 1))
        if let endpoints = vector.input.endpoints {
            _ = try EndpointClient(endpoints: endpoints, configuration: configuration)
            return
        }
        let client = try await DragonflyClient(
            discovery: FixedDiscovery("127.0.0.1:1"),
            refresh: RefreshPolicy(interval: .seconds(vector.input.interval ?? 60), healthCheck: .none),
            configuration: configuration)
        _ = try await client.get(GetRequest(url: "http://o/f", replicas: vector.input.replicas ?? 2))
    }

    @Test("The default filter list")
    func defaultNames() {
        #expect(GetRequest.defaultFilteredQueryParams == Vectors.all.defaultNames.value)
    }
}

extension String {
    /// `blob_digest` as `blobDigest`.
    fileprivate var camelCased: String {
        let words = split(separator: "_")
        return words.dropFirst().reduce(words.first.map(String.init) ?? "") {
            $0 + $1.prefix(1).uppercased() + $1.dropFirst()
        }
    }
}

extension DragonflyError {
    /// As the vectors write errors.
    var kind: String {
        switch self {
        case .backend: "backend"
        case .proxy: "proxy"
        case .dfdaemon: "dfdaemon"
        case .timeout: "request_timeout"
        case .invalidArgument: "invalid argument"
        case .hostNotFound: "host not found"
        case .internal: "internal"
        case .cancelled: "cancelled"
        }
    }

    fileprivate init?(_ text: String) {
        let parts = text.split(separator: ":")
        let refusal = Refusal(status: parts.last.flatMap { Int($0) })
        switch parts.first {
        case "request_timeout": self = .timeout("")
        case "internal": self = .internal("")
        case "invalid_argument": self = .invalidArgument("")
        case "host_not_found": self = .hostNotFound("")
        case "backend": self = .backend(refusal)
        case "proxy": self = .proxy(refusal)
        case "dfdaemon": self = .dfdaemon(refusal)
        default: return nil
        }
    }
}
