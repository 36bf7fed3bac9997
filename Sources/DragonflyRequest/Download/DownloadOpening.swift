import HTTPTypes

/// What the first answer of a download makes possible.
enum DownloadOpening: Sendable {
    /// The object has a length and a version, so that it can be put together from parts.
    case parts(Window, first: GetResponse)
    /// One answer brings all there is.
    case whole(GetResponse)

    /// The bytes wanted of one version of an object.
    struct Window: Hashable, Sendable {
        let range: Range<Int64>
        let completeLength: Int64
        let entityTag: String

        /// Nil when parts of several answers could be of different versions, or the object has no known length.
        init?(_ head: ResponseHead, wanted: Range<Int64>?) {
            guard let part = head.contentRange, let length = part.completeLength, let tag = head.headers[.eTag],
                tag.utf8.first == UInt8(ascii: "\"")
            else { return nil }
            range = (wanted ?? 0..<length).clamped(to: 0..<length)
            guard part.range.lowerBound == range.lowerBound else { return nil }
            completeLength = length
            entityTag = tag
        }

        /// Whether the answer holds exactly these bytes of this version.
        func accepts(_ head: ResponseHead, for wanted: Range<Int64>) -> Bool {
            guard let part = head.contentRange, part.range == wanted, part.completeLength == completeLength,
                let tag = head.headers[.eTag]
            else { return false }
            return tag.utf8.elementsEqual(entityTag.utf8)
        }

        /// The window cut into parts, without those parts that `done` covers.
        func parts(of size: Int64, without done: [Range<Int64>] = []) -> [Range<Int64>] {
            stride(from: range.lowerBound, to: range.upperBound, by: Int64.Stride(size))
                .map { $0..<min($0 + size, range.upperBound) }
                .filter { part in
                    !done.contains { $0.lowerBound <= part.lowerBound && part.upperBound <= $0.upperBound }
                }
        }
    }
}

extension DragonflyGetting {
    /// Asks for the first `size` bytes of what is wanted and tells what can be made of the answer.
    func openDownload(_ request: GetRequest, partSize size: Int64) async throws(DragonflyError) -> DownloadOpening {
        var first = request
        let start = request.range?.lowerBound ?? 0
        let (end, overflow) = start.addingReportingOverflow(size)
        first.range = start..<min(overflow ? .max : end, request.range?.upperBound ?? .max)
        let response: GetResponse
        do {
            response = try await get(first)
        } catch {
            // An empty object has no first byte.
            guard error.refusal?.status == 416, request.range == nil else { throw error }
            return .whole(try await get(request))
        }
        if let window = DownloadOpening.Window(response.head, wanted: request.range) {
            return .parts(window, first: response)
        }
        if response.status == 200, request.range == nil { return .whole(response) }
        return .whole(try await get(request).checked(for: request.range))
    }

    /// One part, of the version the window is about.
    func getPart(
        _ part: Range<Int64>, of window: DownloadOpening.Window, _ request: GetRequest
    ) async throws(DragonflyError) -> GetResponse {
        var request = request
        request.range = part
        let response = try await get(request)
        guard window.accepts(response.head, for: part) else {
            throw .internal("\(response.head.endpoint): the object changed while it was downloaded; start again")
        }
        return response
    }
}

extension GetResponse {
    /// - Throws: When a range was asked for and the answer is not that range.
    fileprivate func checked(for range: Range<Int64>?) throws(DragonflyError) -> GetResponse {
        guard let range else { return self }
        guard let part = head.contentRange, part.range.lowerBound == range.lowerBound else {
            throw .internal("\(head.endpoint): the answer is not the range asked for")
        }
        return self
    }
}
