import NIOCore

/// Reads a body to its end, over breaks that can be mended.
struct BodyReader: Sendable {
    private(set) var fetch: Fetch
    private var answer: Answer
    private var point: ResumePoint?

    init(_ answer: Answer, of fetch: Fetch) {
        self.fetch = fetch
        self.answer = answer
        point = fetch.resumesBrokenBodies ? ResumePoint(answer.head) : nil
    }

    var head: ResponseHead { answer.head }

    /// The body up to here, if it was gathered; `next` gives the rest.
    mutating func takeGathered() -> [UInt8] {
        let bytes = answer.takeGathered()
        took(bytes.count)
        return bytes
    }

    private mutating func took(_ count: Int) {
        point?.advance(by: count)
        if count > 0 { fetch.record(.received(bytes: count)) }
    }

    /// All bytes that have come, as soon as they are `count` or the body ends; nothing after the last.
    mutating func next(waitingFor count: Int) async throws(DragonflyError) -> [ByteBuffer] {
        while true {
            do {
                let chunks = try await answer.next(waitingFor: count)
                took(chunks.reduce(0) { $0 + $1.readableBytes })
                return chunks
            } catch {
                fetch.record(.failure(endpoint: head.endpoint, error: error))
                guard error.isRetryable, let point else { throw error }
                answer = try await fetch.resume(after: error, at: point)
            }
        }
    }
}
