extension DragonflyGetting {
    /// Downloads by parallel ranges and hands the bytes over in order. Holds up to `parallel` parts in memory.
    ///
    /// Without a strong `ETag`, or from an origin without ranges, the object is read as one stream instead: parts of
    /// several responses could be of different versions. So is a request whose headers hold a `Range` of their own.
    /// Calls of `write` do not overlap.
    ///
    /// - Returns: The head of the first response; its length is that of the first part.
    /// - Throws: ``DragonflyError``, or what `write` throws.
    @discardableResult
    public func download(
        _ request: GetRequest, options: DownloadOptions = DownloadOptions(),
        progress: (@Sendable (DownloadProgress) -> Void)? = nil, writingTo write: (ByteChunk) async throws -> Void
    ) async throws -> ResponseHead {
        try options.validate()
        var state = DownloadProgress(received: 0, total: nil)
        func report(_ chunk: ByteChunk) async throws {
            try await write(chunk)
            state.received += Int64(chunk.count)
            progress?(state)
        }
        switch try await openDownload(request, partSize: options.partSize) {
        case .parts(let window, let first):
            state.total = Int64(window.range.count)
            try await deliver(window, first, request, options, to: report)
            return first.head
        case .whole(let response):
            state.total = response.head.contentLength
            for try await chunk in response.body { try await report(chunk) }
            return response.head
        }
    }

    /// Asks for no more than `parallel` parts beyond the one that is wanted next.
    private func deliver(
        _ window: DownloadOpening.Window, _ first: GetResponse, _ request: GetRequest, _ options: DownloadOptions,
        to write: (ByteChunk) async throws -> Void
    ) async throws {
        let parts = try window.parts(of: options.partSize)
        try await withThrowingTaskGroup(of: (Int, [ByteChunk]).self) { group in
            var started = 0
            var finished: [Int: [ByteChunk]] = [:]
            for turn in parts.indices {
                while started < min(parts.count, turn + options.parallel) {
                    let index = started
                    group.addTask {
                        let isFirst = first.head.contentRange?.range == parts[index]
                        let response = isFirst ? first : try await getPart(parts[index], of: window, request)
                        return (index, try await response.body.collect())
                    }
                    started += 1
                }
                while finished[turn] == nil, let (index, chunks) = try await group.next() { finished[index] = chunks }
                for chunk in finished.removeValue(forKey: turn) ?? [] { try await write(chunk) }
            }
        }
    }

    /// Downloads by parallel ranges and appends the whole to `buffer`.
    ///
    /// - Returns: The head of the first response; its length is that of the first part.
    /// - Throws: ``DragonflyError``; `buffer` is then as it was before.
    @discardableResult
    public func download(
        _ request: GetRequest, into buffer: inout [UInt8], options: DownloadOptions = DownloadOptions(),
        progress: (@Sendable (DownloadProgress) -> Void)? = nil
    ) async throws(DragonflyError) -> ResponseHead {
        var bytes: [UInt8] = []
        swap(&bytes, &buffer)
        let start = bytes.count
        defer { swap(&bytes, &buffer) }
        do {
            return try await download(request, options: options, progress: progress) { bytes += $0 }
        } catch {
            bytes.removeSubrange(start...)
            throw error as? DragonflyError ?? .cancelled
        }
    }
}

extension ResponseBody {
    fileprivate func collect() async throws(DragonflyError) -> [ByteChunk] {
        var chunks: [ByteChunk] = []
        for try await chunk in self { chunks.append(chunk) }
        return chunks
    }
}
