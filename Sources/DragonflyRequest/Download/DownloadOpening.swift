import HTTPSemantics

/// How a download can proceed after its first response.
enum DownloadOpening: Sendable {
    /// The object has a length and a version, so it can be assembled from parts.
    case parts(Window, first: GetResponse)
    /// One response brings all there is.
    case whole(GetResponse)

    /// The bytes wanted of one version of an object.
    struct Window: Hashable, Sendable {
        let range: Range<Int64>
        let completeLength: Int64
        let entityTag: HTTPField.Value

        /// Nil when several responses could be of different versions, or the object's length is unknown.
        init?(_ head: ResponseHead, wanted: Range<Int64>?) {
            guard let part = head.contentRange, let length = part.completeLength, let tag = head.strongETag
            else { return nil }
            range = (wanted ?? 0..<length).clamped(to: 0..<length)
            guard part.range.lowerBound == range.lowerBound else { return nil }
            completeLength = length
            entityTag = tag
        }

        /// Whether the response holds exactly these bytes of this version.
        func accepts(_ head: ResponseHead, for wanted: Range<Int64>) -> Bool {
            guard let part = head.contentRange, part.range == wanted else { return false }
            return part.completeLength == completeLength && head.strongETag == entityTag
        }

        /// The window cut into parts, without those parts that `done` covers.
        /// - Throws: when there would be more than ``maximumParts``: the length is only claimed by the server.
        func parts(
            of size: Int64, without done: [Range<Int64>] = []
        ) throws(DragonflyError) -> [Range<Int64>] {
            guard range.upperBound - range.lowerBound <= size * Self.maximumParts else {
                throw .internal(
                    "the object has \(completeLength) bytes, which is more than \(Self.maximumParts) parts of \(size)")
            }
            var covered = done.joined()[...]
            return stride(from: range.lowerBound, to: range.upperBound, by: Int64.Stride(size)).compactMap { start in
                let part = start..<start + min(size, range.upperBound - start)
                while let first = covered.first, first.upperBound <= start { covered.removeFirst() }
                return covered.first.map { $0.lowerBound <= start && part.upperBound <= $0.upperBound } == true
                    ? nil : part
            }
        }

        private static let maximumParts: Int64 = 1 << 20
    }
}

extension [Range<Int64>] {
    /// In order, and in as few ranges as possible.
    fileprivate func joined() -> [Range<Int64>] {
        sorted { $0.lowerBound < $1.lowerBound }.reduce(into: []) { joined, range in
            guard let last = joined.last, range.lowerBound <= last.upperBound else { return joined.append(range) }
            joined[joined.count - 1] = last.lowerBound..<Swift.max(last.upperBound, range.upperBound)
        }
    }
}

extension DragonflyGetting {
    /// Asks for the first `size` bytes of what is wanted and tells what can be made of the response.
    func openDownload(_ request: GetRequest, partSize size: Int64) async throws(DragonflyError) -> DownloadOpening {
        // A `Range` field set by the caller may have any form.
        if request.range == nil, request.headers[.range] != nil { return .whole(try await get(request)) }
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
            return .whole(try await get(request).checked(for: nil))
        }
        if let window = DownloadOpening.Window(response.head, wanted: request.range) {
            return .parts(window, first: response)
        }
        if response.status == 200, request.range == nil { return .whole(response) }
        return .whole(try await get(request).checked(for: request.range))
    }

    /// One part, of the version the window is about. A replica that still has another version fails; the next attempt
    /// may reach another replica.
    func getPart(
        _ part: Range<Int64>, of window: DownloadOpening.Window, _ request: GetRequest
    ) async throws(DragonflyError) -> GetResponse {
        var request = request
        request.range = part
        var endpoint = ""
        for _ in 0..<4 {
            let response = try await get(request)
            if window.accepts(response.head, for: part) { return response }
            endpoint = response.head.endpoint
        }
        throw .internal("\(endpoint): the object changed while it was downloaded; start again")
    }
}

extension GetResponse {
    /// - Throws: When a range was asked for and the response is not that range, or none and it is a part.
    fileprivate func checked(for range: Range<Int64>?) throws(DragonflyError) -> GetResponse {
        guard let range else {
            guard status != 206 else {
                throw .internal("\(head.endpoint): the response is a part, but the whole object was asked for")
            }
            return self
        }
        guard let part = head.contentRange, part.range.lowerBound == range.lowerBound else {
            throw .internal("\(head.endpoint): the response is not the range asked for")
        }
        return self
    }
}
