import Glibc
import NIOCore

/// The head of one request: its bytes as they came, and where in them the parts are. Text is made only when asked for.
struct RequestHead {
    enum Method {
        case get, head, options, trace, connect
        /// Forwarded as it is.
        case other

        init(_ name: UnsafeRawBufferPointer) {
            // Methods are case-sensitive (RFC 9110 §9.1).
            func named(_ known: StaticString) -> Bool {
                known.withUTF8Buffer { $0.count == name.count && $0.elementsEqual(name) }
            }
            switch name.count {
            case 3 where named("GET"): self = .get
            case 4 where named("HEAD"): self = .head
            case 5 where named("TRACE"): self = .trace
            case 7: self = named("OPTIONS") ? .options : named("CONNECT") ? .connect : .other
            default: self = .other
            }
        }
    }

    /// Some of the head's bytes.
    struct Span {
        var start: Int32
        var count: Int32

        init(_ start: Int, _ end: Int) {
            self.start = Int32(truncatingIfNeeded: start)
            count = Int32(truncatingIfNeeded: end - start)
        }

        func bytes(of base: UnsafeRawBufferPointer) -> UnsafeRawBufferPointer {
            UnsafeRawBufferPointer(rebasing: base[Int(start)..<Int(start) + Int(count)])
        }
    }

    struct Field {
        var id: FieldID
        var name: Span
        /// Without the blanks around it.
        var value: Span
    }

    /// How the length of the body is told (RFC 9112 §6).
    enum Framing: Equatable {
        case none
        case length(Int64)
        case chunked
    }

    let bytes: ByteBuffer
    var method = Method.other
    var methodSpan = Span(0, 0)
    var targetSpan = Span(0, 0)
    /// HTTP/1.`minorVersion`: 0, or 1 for every other.
    var minorVersion = 1
    var fields: [Field] = []
    /// Which known fields there are.
    var present = FieldIDSet()
    var framing = Framing.none
    /// The client wants to send more requests on this connection.
    var isPersistent = true
    /// `Connection` names further fields that are about this connection only.
    var nominatesFields = false

    init(bytes: ByteBuffer) {
        self.bytes = bytes
    }
}

extension RequestHead {
    var isChunked: Bool { framing == .chunked }
    var hasBody: Bool { framing != .none && framing != .length(0) }
    var methodText: String { text(methodSpan) }
    /// The request target, byte for byte as it was sent.
    var target: String { text(targetSpan) }
    /// The URL without its query, which may hold secrets, and without user information.
    var loggedTarget: Substring {
        let target = target.prefix { $0 != "?" }
        guard let at = target.lastIndex(of: "@") else { return target }
        return target[target.index(after: at)...]
    }

    func text(_ span: Span) -> String {
        bytes.getString(at: Int(span.start), length: Int(span.count)) ?? ""
    }

    /// The value of the first field of this kind.
    func text(of id: FieldID) -> String? {
        guard present.contains(id) else { return nil }
        return fields.first { $0.id == id }.map { text($0.value) }
    }

    /// The values of all fields of this kind, as one list (RFC 9110 §5.3).
    func list(of id: FieldID) -> String? {
        guard present.contains(id) else { return nil }
        return fields.filter { $0.id == id }.map { text($0.value) }.joined(separator: ", ")
    }

    func count(of id: FieldID) -> Int {
        present.contains(id) ? fields.count { $0.id == id } : 0
    }

    /// True when a field of this kind has this value, in any case.
    func says(_ id: FieldID, _ word: StaticString) -> Bool {
        guard present.contains(id), let field = fields.first(where: { $0.id == id }) else { return false }
        return bytes.withUnsafeReadableBytes { field.value.bytes(of: $0).equalsIgnoringCase(word) }
    }

    /// As if the fields of this kind had never been there.
    mutating func remove(_ id: FieldID) {
        fields.removeAll { $0.id == id }
        present.remove(id)
    }

    /// The fields that may travel on to an origin: not those about this connection, and none of ours.
    func isEndToEnd(_ field: Field, in base: UnsafeRawBufferPointer) -> Bool {
        if field.id.isHopByHop || field.id.isDragonfly { return false }
        // It is part of a manifest's key, so it travels as long as that has it.
        if field.id == .accept { return true }
        return !nominatesFields || !isNominated(field, in: base)
    }

    /// Whether `Connection` declares the field to be about this connection only.
    private func isNominated(_ field: Field, in base: UnsafeRawBufferPointer) -> Bool {
        let name = field.name.bytes(of: base)
        return fields.contains { line in
            line.id == .connection
                && line.value.bytes(of: base).split(separator: UInt8(ascii: ",")).contains { word in
                    let word = UnsafeRawBufferPointer(rebasing: word).trimmingBlanks
                    return word.count == name.count && zip(word, name).allSatisfy { $0.lowercased == $1.lowercased }
                }
        }
    }
}

extension UnsafeRawBufferPointer {
    /// Where `text` begins; nil if it isn't in here.
    func position(of text: StaticString) -> Int? {
        let length = text.utf8CodeUnitCount
        guard let base = baseAddress, count >= length else { return nil }
        var start = 0
        while let found = memchr(base + start, Int32(text.utf8Start[0]), count - length + 1 - start) {
            if memcmp(found, text.utf8Start, length) == 0 { return found - UnsafeMutableRawPointer(mutating: base) }
            start = found - UnsafeMutableRawPointer(mutating: base) + 1
        }
        return nil
    }

    /// Without the blanks at both ends.
    @inline(__always)
    var trimmingBlanks: UnsafeRawBufferPointer {
        var (start, end) = (0, count)
        while start < end, self[start].isBlank { start += 1 }
        while end > start, self[end - 1].isBlank { end -= 1 }
        return UnsafeRawBufferPointer(rebasing: self[start..<end])
    }
}

extension UInt8 {
    fileprivate var lowercased: UInt8 { 0x41...0x5a ~= self ? self | 0x20 : self }
}
