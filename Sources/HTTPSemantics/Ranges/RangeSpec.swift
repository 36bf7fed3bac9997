/// One range as a client writes it, before the length of the object is known (RFC 9110 §14.1.2).
public enum RangeSpec: Hashable, Sendable {
    /// `first-last`, both included, `first <= last`.
    case bounded(first: Int64, last: Int64)
    /// `first-`: all bytes from `first` on.
    case from(Int64)
    /// `-count`: the last `count` bytes.
    case suffix(Int64)

    /// The bytes meant in an object of `length` bytes; nil when the range cannot be satisfied.
    ///
    /// A suffix longer than the object means the whole object. So a suffix of an empty object is satisfiable and
    /// empty (RFC 9110 §14.1.2), which no `Content-Range` can express: answer it with the whole, empty, object.
    public func resolve(length: Int64) -> ByteRange? {
        switch self {
        case .bounded(let first, let last):
            first < length ? ByteRange(first, min(last, length - 1) + 1) : nil
        case .from(let first):
            first < length ? ByteRange(first, length) : nil
        case .suffix(let count):
            count > 0 ? ByteRange(length - min(count, length), length) : nil
        }
    }
}

extension RangeSpec: CustomStringConvertible {
    /// The range as it stands in a `Range` header, after `bytes=`.
    public var description: String {
        switch self {
        case .bounded(let first, let last): "\(first)-\(last)"
        case .from(let first): "\(first)-"
        case .suffix(let count): "-\(count)"
        }
    }
}
