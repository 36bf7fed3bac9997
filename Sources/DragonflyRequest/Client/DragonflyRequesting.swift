/// Gets objects through seed peers.
public protocol DragonflyGetting: Sendable {
    /// Sends the request and gives the response as soon as its head is there; the body follows.
    ///
    /// - Throws: ``DragonflyError``, after the retries that ``RetryPolicy`` allows.
    func get(_ request: GetRequest) async throws(DragonflyError) -> GetResponse

    /// Appends the whole body to `buffer`. A body that breaks is resumed or fetched anew, as long as retries are left.
    /// The whole body is held in memory and does not count against the client's budget.
    ///
    /// - Throws: ``DragonflyError``; `buffer` is then as it was before.
    @discardableResult
    func get(_ request: GetRequest, into buffer: inout [UInt8]) async throws(DragonflyError) -> ResponseHead
}

/// Gets objects through the seed peers that consistent hashing picks for each of them.
public protocol DragonflyRequesting: DragonflyGetting {
    /// The proxies of the seed peers that would serve the request, in ring order: `http://ip:port`. The request is not sent.
    ///
    /// - Throws: ``DragonflyError/invalidArgument(_:)`` for a bad request, ``DragonflyError/internal(_:)`` when it names
    ///   no task, ``DragonflyError/hostNotFound(_:)`` when no seed peer is on the ring.
    func lookupEndpoints(_ request: GetRequest) async throws(DragonflyError) -> [String]
}

extension DragonflyGetting {
    /// Hands the body to `write`, chunk by chunk, and waits for each call. What was written stays when a later byte
    /// fails; a body that breaks is resumed if it can be, and never fetched anew.
    ///
    /// - Throws: ``DragonflyError``, or what `write` throws, which also ends the request.
    @discardableResult
    public func get(
        _ request: GetRequest, writingTo write: (ByteChunk) async throws -> Void
    ) async throws -> ResponseHead {
        let response = try await get(request)
        for try await chunk in response.body { try await write(chunk) }
        return response.head
    }
}
