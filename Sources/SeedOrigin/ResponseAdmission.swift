package import HTTPSemantics

/// What is known of the version whose bytes are being fetched.
package struct KnownGeneration: Hashable, Sendable {
    /// Length of the whole object in bytes.
    package var total: Int64
    package var validator: Validator

    package init(total: Int64, validator: Validator) {
        self.total = total
        self.validator = validator
    }
}

/// Checks a response at its head, before any of it is stored. A response that ignores the range, is encoded or is of
/// another version must never be stored as the requested bytes.
package enum ResponseAdmission: Hashable, Sendable {
    /// 206: the body is exactly these bytes, `range.count` of them, of an object of `total`. They begin where asked and
    /// may end earlier than asked.
    case part(range: ByteRange, total: Int64, validator: Validator)
    /// 200: the body is the object from byte 0, whether or not a range was asked for. Nil: length not declared.
    case whole(length: Int64?, validator: Validator)
    /// 416.
    case unsatisfiable(total: Int64?)
    /// 304: the known version is current.
    case notModified
    /// The object is not, or no longer, the known version.
    case changed
    /// The origin's own response: 3xx that is not followed, 4xx, 5xx.
    case error(status: Int)
    /// A successful response that must not be used.
    case refused(Refusal)

    package enum Refusal: Hashable, Sendable, CustomStringConvertible {
        /// The bytes are encoded. We refuse to store them; it is not an error of the origin.
        case encoded(String)
        case multipart
        case contentRange(String?)
        case unaskedPart
        case otherPart(ByteRange)
        case length(declared: Int64, expected: Int64)
        case unknownTotal
        case status(Int)
        case tooLong(Int64)

        package var description: String {
            switch self {
            case .encoded(let coding): "the origin sent the content encoded (\(coding)) although identity was asked for"
            case .multipart: "the origin sent several parts although one range was asked for"
            case .contentRange(let field): "the origin's 206 has no usable Content-Range: \(field ?? "none")"
            case .unaskedPart: "the origin sent a part although the whole was asked for"
            case .otherPart(let range): "the origin sent another part than the one asked for: \(range)"
            case .length(let declared, let expected):
                "the origin's Content-Length is \(declared) but must be \(expected)"
            case .unknownTotal: "the origin's 206 does not tell the length of the object"
            case .status(let status): "status \(status) carries no object"
            case .tooLong(let length): "the origin tells of an object of \(length) bytes, more than any can have"
            }
        }
    }

    /// Whether the response is an error of the origin's own.
    package var isError: Bool {
        if case .error = self { true } else { false }
    }

    /// No object is longer: offsets and lengths may be added without overflow.
    package static let longestObject: Int64 = 1 << 60

    /// - Parameters:
    ///   - asked: the range in the request, nil if the whole was asked for.
    ///   - condition: the precondition in the request.
    ///   - known: the version that more bytes are wanted of, nil at first contact.
    package static func judge(
        _ head: OriginHead, asked: RangeSpec?, condition: RequestCondition = .none, known: KnownGeneration? = nil
    ) -> ResponseAdmission {
        switch head.status {
        case 206: part(head, asked, condition, known)
        case 200: whole(head, known)
        case 201..<300: .refused(.status(head.status))
        case 304 where condition.isRevalidation: .notModified
        case 412 where condition != .none: .changed
        case 416 where asked != nil: unsatisfiable(head, known)
        default: .error(status: head.status)
        }
    }

    private static func part(
        _ head: OriginHead, _ asked: RangeSpec?, _ condition: RequestCondition, _ known: KnownGeneration?
    ) -> ResponseAdmission {
        guard let asked else { return .refused(.unaskedPart) }
        if let refusal = encoding(head) { return .refused(refusal) }
        if head.headers.first(.contentType)?.text.lowercased().hasPrefix("multipart/byteranges") == true {
            return .refused(.multipart)
        }
        guard case .part(let range, let stated) = head.contentRange else {
            return .refused(.contentRange(head.headers.first(.contentRange)?.text))
        }
        if let known, !isSame(head, total: stated, condition, known) { return .changed }
        guard let total = stated ?? known?.total else { return .refused(.unknownTotal) }
        guard total <= longestObject else { return .refused(.tooLong(total)) }
        guard begins(range, as: asked, total: total) else { return .refused(.otherPart(range)) }
        if let declared = head.contentLength, declared != range.count {
            return .refused(.length(declared: declared, expected: range.count))
        }
        let validator = known.map { confirmed(head, total: total, $0) } ?? Validator(head.headers, length: total)
        return .part(range: range, total: total, validator: validator)
    }

    private static func whole(_ head: OriginHead, _ known: KnownGeneration?) -> ResponseAdmission {
        if let refusal = encoding(head) { return .refused(refusal) }
        // A 200 always carries its validators, so missing ones are a mismatch.
        if let known, !isSame(head, total: head.contentLength, .none, known) { return .changed }
        let length = head.contentLength
        if let length, length > longestObject { return .refused(.tooLong(length)) }
        let validator = known.map { confirmed(head, total: $0.total, $0) } ?? Validator(head.headers, length: length)
        return .whole(length: length, validator: validator)
    }

    private static func unsatisfiable(_ head: OriginHead, _ known: KnownGeneration?) -> ResponseAdmission {
        guard case .unsatisfied(let total) = head.contentRange, total <= longestObject else {
            return .unsatisfiable(total: nil)
        }
        if let known, known.total != total { return .changed }
        return .unsatisfiable(total: total)
    }

    private static func encoding(_ head: OriginHead) -> Refusal? {
        let codings = head.headers[values: .contentEncoding].filter { $0.lowercased() != "identity" && !$0.isEmpty }
        return codings.first.map(Refusal.encoded)
    }

    /// Whether a response is of the known version: same total and same validator. After `If-Range` a 206 may leave
    /// Last-Modified out (RFC 9110 §15.3.7): that it is a 206 proves the version.
    private static func isSame(
        _ head: OriginHead, total: Int64?, _ condition: RequestCondition, _ known: KnownGeneration
    ) -> Bool {
        guard total == nil || total == known.total else { return false }
        switch known.validator {
        case .etag(let tag): return head.headers.strongETag == tag
        case .lastModified(let date, _):
            if let stated = head.headers.first(.lastModified) { return stated == date }
            return condition == .ifRange(date)
        case .none: return true
        }
    }

    /// The validator to go on under: the known one, as the response agrees with it.
    private static func confirmed(_ head: OriginHead, total: Int64, _ known: KnownGeneration) -> Validator {
        known.validator == .none ? Validator(head.headers, length: total) : known.validator
    }

    /// Whether a part starts where the asked range does and ends within it and the object.
    private static func begins(_ range: ByteRange, as asked: RangeSpec, total: Int64) -> Bool {
        guard let wanted = asked.resolve(length: total), !range.isEmpty else { return false }
        return range.lowerBound == wanted.lowerBound && range.upperBound <= wanted.upperBound
    }
}
