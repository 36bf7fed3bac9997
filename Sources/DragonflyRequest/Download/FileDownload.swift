import SeedSupport

extension DragonflyGetting {
    /// Downloads by parallel ranges into a file, which appears under its name when it is complete.
    ///
    /// Until then the bytes are in `FILE.part`, and `FILE.part.state` tells which. A later call with the same request
    /// resumes, if the object still has the same strong `ETag`; otherwise it starts over. An object without one is read
    /// as one stream and cannot be resumed. An existing file is replaced at the end. A symbolic link is followed: all
    /// of these files stand beside its target. The new file has the permissions of the one it replaces. `FILE.part`
    /// itself must not be a symbolic link. Concurrent downloads of one file corrupt each other.
    ///
    /// A device, a FIFO or a descriptor such as `/dev/stdout` is opened first and written in order, as the bytes come.
    /// Waiting for a FIFO's reader, and each time for room in it, is limited to ``GetRequest/timeout``.
    ///
    /// - Returns: The head of the first response; its length is that of the first part.
    /// - Throws: ``DragonflyError``, or ``OutputError`` when the file cannot be written.
    @discardableResult
    public func download(
        _ request: GetRequest, toFile file: String, options: DownloadOptions = DownloadOptions(),
        progress: (@Sendable (DownloadProgress) -> Void)? = nil
    ) async throws -> ResponseHead {
        try options.validate()
        let output: SequentialOutput
        switch try await blocking({ try OutputTarget(file) }) {
        case .file(let path): return try await replace(path, by: request, options, progress)
        case .special:
            try request.validate()
            output = try await SequentialOutput.open(file, within: request.timeout)
        case .descriptor(let number): output = try SequentialOutput(file, descriptor: number)
        }
        return try await download(request, options: options, progress: progress) { chunk in
            try await output.write(chunk, within: request.timeout)
        }
    }

    /// - Parameter file: a regular file or a free name.
    private func replace(
        _ file: String, by request: GetRequest, _ options: DownloadOptions,
        _ progress: (@Sendable (DownloadProgress) -> Void)?
    ) async throws -> ResponseHead {
        let task = try request.task()
        switch try await openDownload(request, partSize: options.partSize) {
        case .whole(let response):
            let output = try await blocking { try PartFile(file, subject: nil) }
            let meter = ProgressMeter(0, of: response.head.contentLength, progress)
            try await output.take(response, at: 0, meter)
            try await blocking { try output.publish() }
            return response.head
        case .parts(let window, let first):
            let subject = PartFile.Subject(taskID: task.id, window: window)
            let output = try await blocking { try PartFile(file, subject: subject) }
            let parts = try window.parts(of: options.partSize, without: output.done)
            // It will not be read, so it must not hold its connection.
            if !parts.contains(where: { $0 == first.head.contentRange?.range }) { first.body.drop() }
            let missing = parts.reduce(0) { $0 + Int64($1.count) }
            let total = Int64(window.range.count)
            let meter = ProgressMeter(total - missing, of: total, progress)
            try await fill(output, with: parts, of: window, first: first, request, options.parallel, meter)
            try await blocking { try output.publish() }
            return first.head
        }
    }

    /// - Parameter first: the response for the part at the window's beginning, which may be done already.
    private func fill(
        _ output: PartFile, with parts: [Range<Int64>], of window: DownloadOpening.Window, first: GetResponse,
        _ request: GetRequest, _ parallel: Int, _ meter: ProgressMeter
    ) async throws {
        try await withThrowingTaskGroup(of: Void.self) { group in
            for (index, part) in parts.enumerated() {
                if index >= parallel { try await group.next() }
                group.addTask {
                    let isFirst = first.head.contentRange?.range == part
                    let response = isFirst ? first : try await getPart(part, of: window, request)
                    try await output.take(response, at: part.lowerBound, meter)
                    try await blocking { try output.finish(part) }
                }
            }
            try await group.waitForAll()
        }
    }
}

extension PartFile {
    fileprivate func take(_ response: GetResponse, at start: Int64, _ meter: ProgressMeter) async throws {
        var offset = start
        for try await chunk in response.body {
            let position = offset
            try await blocking {
                try chunk.withUnsafeBytes { bytes throws(OutputError) in try self.write(bytes, at: position) }
            }
            offset += Int64(chunk.count)
            meter.add(chunk.count)
        }
    }
}

/// Adds up the progress of parts that run at the same time.
private final class ProgressMeter: Sendable {
    private let state: Lock<DownloadProgress>
    private let report: (@Sendable (DownloadProgress) -> Void)?

    init(_ received: Int64, of total: Int64?, _ report: (@Sendable (DownloadProgress) -> Void)?) {
        state = Lock(DownloadProgress(received: received, total: total))
        self.report = report
    }

    func add(_ count: Int) {
        guard let report else { return }
        let now = state.withLock { state in
            state.received += Int64(count)
            return state
        }
        report(now)
    }
}
