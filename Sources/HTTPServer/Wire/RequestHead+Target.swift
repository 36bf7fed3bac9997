import Glibc
import HTTPSemantics

extension RequestHead {
    /// GET or HEAD of `/` in origin form: a health probe of the server itself, not counted as traffic. Its response has
    /// no body.
    package var isProbe: Bool {
        targetSpan.count == 1 && form == .origin && (method == .get || method == .head)
    }

    /// Finds the parts of the effective request URI: of an absolute target, or of a target in origin form and `Host`.
    /// Their contents are not validated.
    mutating func resolveTarget(_ base: UnsafeRawBufferPointer) {
        let target = targetSpan.bytes(of: base)
        if target[0] == UInt8(ascii: "/") {
            form = .origin
            authority = fields.first { $0.id == .host }?.value ?? Span(0, 0)
            divide(base, from: Int(targetSpan.start))
        } else if method == .connect {
            (form, authority) = (.authority, targetSpan)
        } else if let colon = Self.endOfScheme(target) {
            resolveAbsolute(base, colon: Int(targetSpan.start) + colon)
        } else {
            form = target.count == 1 && target[0] == UInt8(ascii: "*") ? .asterisk : .other
            authority = fields.first { $0.id == .host }?.value ?? Span(0, 0)
            path = targetSpan
        }
    }

    private mutating func resolveAbsolute(_ base: UnsafeRawBufferPointer, colon: Int) {
        form = .absolute
        scheme = Span(Int(targetSpan.start), colon)
        let (start, end) = (colon + 3, Int(targetSpan.start + targetSpan.count))
        var position = start
        while position < end, base[position] != UInt8(ascii: "/"), base[position] != UInt8(ascii: "?") { position += 1 }
        authority = Span(start, position)
        divide(base, from: position)
    }

    /// The rest of the target: path and query.
    private mutating func divide(_ base: UnsafeRawBufferPointer, from start: Int) {
        let end = Int(targetSpan.start + targetSpan.count)
        guard start < end, let first = base.baseAddress else { return path = Span(start, start) }
        guard let mark = memchr(first + start, Int32(UInt8(ascii: "?")), end - start) else {
            return path = Span(start, end)
        }
        let position = UnsafeRawPointer(mark) - first
        path = Span(start, position)
        query = Span(position, end)
    }

    /// Where `://` begins; nil unless something stands before it.
    private static func endOfScheme(_ target: UnsafeRawBufferPointer) -> Int? {
        guard let colon = target.firstIndex(of: UInt8(ascii: ":")), colon > 0, colon + 2 < target.count,
            target[colon + 1] == UInt8(ascii: "/"), target[colon + 2] == UInt8(ascii: "/")
        else { return nil }
        return colon
    }
}
