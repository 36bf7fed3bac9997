/// Finds out which seed peers may be on the ring.
struct HealthChecker: Sendable {
    private let transport: HTTPTransport
    private let timeout: Duration

    init(_ transport: HTTPTransport, timeout: Duration = .seconds(5)) {
        self.transport = transport
        self.timeout = timeout
    }

    /// Makes all checks at the same time, and gives each result when it is there.
    func run(
        _ checks: [RingTable.Check], _ kind: HealthCheck,
        result: @escaping @Sendable (RingTable.Check, _ passed: Bool) -> Void
    ) async {
        await withTaskGroup(of: Void.self) { group in
            for check in checks {
                group.addTask { result(check, await passes(check, kind)) }
            }
        }
    }

    private func passes(_ check: RingTable.Check, _ kind: HealthCheck) async -> Bool {
        if check.mustAnswer, await transport.ask(check.peer.transportEndpoint) != .response { return false }
        do {
            switch kind {
            case .none: break
            case .connect: try await transport.probe(check.peer.transportEndpoint, timeout: timeout)
            case .http(let port, let path):
                let url = Endpoint(host: check.peer.host, port: port).url + path
                try await transport.check(RequestTarget(url), timeout: timeout)
            }
            return true
        } catch {
            return false
        }
    }
}
