import HTTPSemantics

/// Where a broken body can resume, and the validator that identifies the object.
struct ResumePoint: Hashable, Sendable {
    /// The next byte of the object.
    private(set) var offset: Int64
    /// Exclusive; nil when the length is not known.
    private let end: Int64?
    private let completeLength: Int64?
    private let entityTag: HTTPField.Value

    /// Nil when the body cannot be resumed safely: the response has no strong entity tag, or is no single range.
    init?(_ head: ResponseHead) {
        guard let tag = head.strongETag else { return nil }
        entityTag = tag
        if let part = head.contentRange {
            (offset, end, completeLength) = (part.range.lowerBound, part.range.upperBound, part.completeLength)
        } else if head.status == 200 {
            (offset, end, completeLength) = (0, head.contentLength, head.contentLength)
        } else {
            return nil
        }
    }

    mutating func advance(by count: Int) { offset += Int64(count) }

    /// Asks for the rest.
    func apply(to fields: inout HTTPFields) {
        fields[.range] = "bytes=\(offset)-" + (end.map { String($0 - 1) } ?? "")
        fields[content: .ifRange] = entityTag
        fields[.ifNoneMatch] = nil
        fields[.ifModifiedSince] = nil
    }

    /// Whether these are the next bytes of the same object.
    func accepts(_ head: ResponseHead) -> Bool {
        guard let part = head.contentRange, part.range.lowerBound == offset else { return false }
        guard head.strongETag == entityTag, end == nil || part.range.upperBound == end else { return false }
        return completeLength == nil || part.completeLength == nil || part.completeLength == completeLength
    }
}
