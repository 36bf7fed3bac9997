import SeedSupport

/// Reads a body to its end, resuming after breaks where possible. It ends only with exactly the bytes that its head
/// promised.
struct BodyReader: Sendable {
    private(set) var fetch: Fetch
    private var response: OpenResponse
    private var point: ResumePoint?
    /// Bytes still to come; nil when the head doesn't say.
    private var remaining: Int64?

    init(_ response: OpenResponse, of fetch: Fetch) {
        self.fetch = fetch
        self.response = response
        point = fetch.resumesBrokenBodies ? ResumePoint(response.head) : nil
        remaining = response.head.bodyLength
    }

    var head: ResponseHead { response.head }

    /// The body up to here, if it was gathered; `next` gives the rest.
    mutating func takeGathered() throws(DragonflyError) -> [UInt8] {
        let bytes = response.takeGathered()
        try took(bytes.count)
        return bytes
    }

    /// All bytes that have come, as soon as they are `count` or the body ends; nothing after the last.
    mutating func next(waitingFor count: Int) async throws(DragonflyError) -> [Bytes] {
        while true {
            let chunks: [Bytes]
            do throws(TransportError) {
                chunks = try await response.next(waitingFor: count)
                guard !chunks.isEmpty || remaining ?? 0 == 0 else {
                    throw TransportError.connection("the body ended before its announced length")
                }
            } catch {
                let failure = fetch.failure(error, on: response.route, hasBegun: true)
                guard failure.isRetryable, let point else { throw failure }
                response = try await fetch.resume(after: failure, at: point)
                remaining = response.head.bodyLength
                continue
            }
            try took(chunks.reduce(0) { $0 + $1.count })
            return chunks
        }
    }

    private mutating func took(_ count: Int) throws(DragonflyError) {
        if let left = remaining {
            guard count <= left else {
                let error = DragonflyError.internal("\(head.endpoint): the body is longer than its head says")
                fetch.record(.failure(endpoint: head.endpoint, error: error))
                throw error
            }
            remaining = left - Int64(count)
        }
        point?.advance(by: count)
        if count > 0 { fetch.record(.received(bytes: count)) }
    }
}
