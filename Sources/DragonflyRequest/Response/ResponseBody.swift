import SeedSupport

/// The bytes of a response, in chunks as they arrive.
///
/// Read it once. Not reading applies back-pressure; dropping it, or cancelling the reading task, ends the request. It
/// ends only when it is complete: a body that breaks and cannot be resumed throws.
public struct ResponseBody: AsyncSequence, Sendable {
    public typealias Element = ByteChunk
    public typealias Failure = DragonflyError

    /// Hands the reader out once.
    private final class Source: Sendable {
        private let reader: Lock<BodyReader?>
        init(_ reader: BodyReader) { self.reader = Lock(reader) }
        func take() -> BodyReader? { reader.withLock { $0.take() } }
    }

    private let source: Source

    init(_ reader: BodyReader) {
        source = Source(reader)
    }

    /// Ends the request; there is nothing to read any more.
    func drop() { _ = source.take() }

    public func makeAsyncIterator() -> Iterator {
        Iterator(reader: source.take())
    }

    /// Reads the body, once.
    public struct Iterator: AsyncIteratorProtocol {
        private var reader: BodyReader?
        private var isReadTwice: Bool
        private var chunks: ArraySlice<Bytes> = []

        fileprivate init(reader: BodyReader?) {
            self.reader = reader
            isReadTwice = reader == nil
        }

        /// The next chunk as soon as some bytes are there; nil after the last, and after an error.
        ///
        /// - Throws: ``DragonflyError``: why the body ended too early, or ``DragonflyError/invalidArgument(_:)`` when
        ///   another iterator was made before.
        public mutating func next() async throws(DragonflyError) -> ByteChunk? {
            guard !isReadTwice else { throw .invalidArgument("this body has been read before; get it anew") }
            if chunks.isEmpty {
                do {
                    chunks = try await reader?.next(waitingFor: 1)[...] ?? []
                } catch {
                    reader = nil
                    throw error
                }
            }
            guard let chunk = chunks.popFirst() else {
                reader = nil
                return nil
            }
            return ByteChunk(chunk)
        }
    }
}
