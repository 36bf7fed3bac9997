/// Gets objects through given seed peers, whatever the object: for programs that have chosen already.
public final class EndpointClient: DragonflyGetting {
    private let core: RequestCore
    private let endpoints: GivenSeedPeers

    /// Endpoints are proxy URLs, `http://host:port`. One that comes twice is asked twice as often.
    ///
    /// - Throws: ``DragonflyError/invalidArgument(_:)`` for an empty list or a bad configuration,
    ///   ``DragonflyError/internal(_:)`` for a malformed endpoint.
    public init(
        endpoints: [String], configuration: ClientConfiguration = ClientConfiguration()
    ) throws(DragonflyError) {
        guard !endpoints.isEmpty else { throw .invalidArgument("the list of endpoints is empty; name at least one") }
        core = try RequestCore(configuration)
        var parsed: [Endpoint] = []
        for text in endpoints { parsed.append(try Endpoint(url: text)) }
        self.endpoints = GivenSeedPeers(list: parsed)
    }

    public func get(_ request: GetRequest) async throws(DragonflyError) -> GetResponse {
        try request.validate()
        return try await core.get(request, from: endpoints)
    }

    @discardableResult
    public func get(_ request: GetRequest, into buffer: inout [UInt8]) async throws(DragonflyError) -> ResponseHead {
        try request.validate()
        return try await core.get(request, into: &buffer, from: endpoints)
    }

    /// Closes idle connections. Those in use close when they are done.
    public func shutdown() { core.transport.close() }
}

extension Endpoint {
    fileprivate init(url: String) throws(DragonflyError) {
        var text = url.utf8[...]
        guard text.starts(with: "http://".utf8) else {
            throw .internal("\(url.debugDescription) is not an endpoint; http://host:port is allowed")
        }
        text = text.dropFirst("http://".utf8.count)
        if text.last == UInt8(ascii: "/") { text = text.dropLast() }
        guard let endpoint = Endpoint(authority: String(decoding: text, as: UTF8.self), defaultPort: 80) else {
            throw .internal("\(url.debugDescription) is not an endpoint; http://host:port is allowed")
        }
        self = endpoint
    }
}
