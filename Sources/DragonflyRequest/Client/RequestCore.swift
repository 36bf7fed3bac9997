import SeedSupport

/// What both clients share: the ways to get from a list of endpoints.
final class RequestCore: Sendable {
    let configuration: ClientConfiguration
    let transport: HTTPTransport

    /// - Throws: ``DragonflyError/invalidArgument(_:)``.
    init(_ configuration: ClientConfiguration) throws(DragonflyError) {
        try configuration.validate()
        self.configuration = configuration
        transport = try HTTPTransport(configuration)
    }

    func record(_ event: RequestEvent) { configuration.metrics?.record(event) }

    func get(_ request: GetRequest, from peers: any SeedPeerSource) async throws(DragonflyError) -> GetResponse {
        var fetch = try Fetch(request, from: peers, core: self)
        let response = try await fetch.open()
        return GetResponse(head: response.head, body: ResponseBody(BodyReader(response, of: fetch)))
    }

    func get(
        _ request: GetRequest, into buffer: inout [UInt8], from peers: any SeedPeerSource
    ) async throws(DragonflyError) -> ResponseHead {
        var fetch = try Fetch(request, from: peers, core: self, gathers: true)
        let start = buffer.count
        var failure: DragonflyError?
        while true {
            let response = try await fetch.open(after: failure)
            var reader = BodyReader(response, of: fetch)
            do {
                try await buffer.append(reader: &reader)
                return response.head
            } catch {
                buffer.removeSubrange(start...)
                guard error.isRetryable else { throw error }
                failure = error
                fetch = reader.fetch
            }
        }
    }
}

extension [UInt8] {
    /// Chunks of this size keep sender and reader busy at once and wake-ups cheap.
    private static let batch = 256 << 10

    fileprivate mutating func append(reader: inout BodyReader) async throws(DragonflyError) {
        let gathered = try reader.takeGathered()
        if isEmpty { self = gathered } else { self += gathered }
        let start = Int64(count - gathered.count)
        let expected = start + Swift.min(reader.head.contentLength ?? 0, .max - start)
        while true {
            let chunks = try await reader.next(waitingFor: Self.batch)
            guard !chunks.isEmpty else { return }
            makeRoom(for: chunks.reduce(0) { $0 + $1.count }, expecting: expected)
            for chunk in chunks { chunk.withUnsafeBytes { append(contentsOf: $0) } }
        }
    }
}
