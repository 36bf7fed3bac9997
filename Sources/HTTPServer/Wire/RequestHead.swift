import Glibc
package import HTTPSemantics
package import SeedSupport

/// The head of one request: its bytes as they came, and where in them the parts are. Text is made only when asked for.
package struct RequestHead: Sendable {
    package enum Method: Sendable {
        case get, head, options, trace, connect
        /// Forwarded as it is.
        case other

        /// Methods are case-sensitive (RFC 9110 §9.1).
        init(_ name: UnsafeRawBufferPointer) {
            switch name.count {
            case 3 where Self.is(name, "GET"): self = .get
            case 4 where Self.is(name, "HEAD"): self = .head
            case 5 where Self.is(name, "TRACE"): self = .trace
            case 7: self = Self.is(name, "OPTIONS") ? .options : Self.is(name, "CONNECT") ? .connect : .other
            default: self = .other
            }
        }

        /// - Parameter known: as long as the name.
        private static func `is`(_ name: UnsafeRawBufferPointer, _ known: StaticString) -> Bool {
            name.baseAddress.map { memcmp($0, known.utf8Start, name.count) == 0 } ?? false
        }
    }

    /// A range of the head's bytes.
    package struct Span: Equatable, Sendable {
        package var start: Int32
        package var count: Int32

        init(_ start: Int, _ end: Int) {
            self.start = Int32(truncatingIfNeeded: start)
            count = Int32(truncatingIfNeeded: end - start)
        }

        /// - Parameter base: the head's bytes.
        package func bytes(of base: UnsafeRawBufferPointer) -> UnsafeRawBufferPointer {
            UnsafeRawBufferPointer(rebasing: base[Int(start)..<Int(start) + Int(count)])
        }
    }

    package struct Field: Sendable {
        package var id: FieldID
        package var name: Span
        /// Without the blanks around it.
        package var value: Span
    }

    /// How the length of the body is told (RFC 9112 §6).
    package enum Framing: Equatable, Sendable {
        case none
        case length(Int64)
        case chunked
    }

    /// How the target is written (RFC 9112 §3.2).
    package enum TargetForm: Sendable {
        /// A path, perhaps with a query.
        case origin
        /// With a scheme: as to a proxy.
        case absolute
        /// A host and a port: CONNECT.
        case authority
        /// `*`: the server itself.
        case asterisk
        /// None of these.
        case other
    }

    package let bytes: Bytes
    package internal(set) var method = Method.other
    package internal(set) var methodSpan = Span(0, 0)
    package internal(set) var targetSpan = Span(0, 0)
    /// HTTP/1.`minorVersion`: 0, or 1 for every other.
    package internal(set) var minorVersion = 1
    package internal(set) var fields: [Field]
    /// The known fields that are present.
    package internal(set) var present = FieldIDSet()
    package internal(set) var framing = Framing.none
    /// The client wants to send more requests on this connection.
    package internal(set) var isPersistent = true
    /// `Connection` names further fields that are about this connection only.
    package internal(set) var nominatesFields = false

    // The effective request URI (RFC 9110 §7.1), resolved once (rule:effective-uri).
    package internal(set) var form = TargetForm.origin
    /// Empty where the target has none: then it is the connection's.
    package internal(set) var scheme = Span(0, 0)
    /// Of the target if that has one, else what `Host` says.
    package internal(set) var authority = Span(0, 0)
    /// Without the query; empty where an absolute target has none.
    package internal(set) var path = Span(0, 0)
    /// With its question mark; empty if there is none.
    package internal(set) var query = Span(0, 0)

    /// - Parameter fields: empty; used for its memory.
    init(bytes: Bytes, fields: [Field] = []) {
        self.bytes = bytes
        self.fields = fields
    }
}

extension RequestHead {
    package var isChunked: Bool { framing == .chunked }
    package var hasBody: Bool { framing != .none && framing != .length(0) }
    package var methodText: String { text(methodSpan) }
    /// The request target, byte for byte as it was sent.
    package var target: String { text(targetSpan) }
    /// The URL without its query, which may hold secrets, and without user information.
    package var loggedTarget: Substring {
        let target = target.prefix { $0 != "?" }
        guard let at = target.lastIndex(of: "@") else { return target }
        return target[target.index(after: at)...]
    }

    package func text(_ span: Span) -> String {
        bytes.withUnsafeBytes { String(decoding: span.bytes(of: $0), as: UTF8.self) }
    }

    /// The value of the first field of this kind.
    package func text(of id: FieldID) -> String? {
        guard present.contains(id) else { return nil }
        return fields.first { $0.id == id }.map { text($0.value) }
    }

    /// The values of all fields of this kind, as one list (RFC 9110 §5.3).
    package func list(of id: FieldID) -> String? {
        guard present.contains(id) else { return nil }
        return fields.filter { $0.id == id }.map { text($0.value) }.joined(separator: ", ")
    }

    package func count(of id: FieldID) -> Int {
        present.contains(id) ? fields.count { $0.id == id } : 0
    }

    /// True when a field of this kind has this value, in any case.
    package func says(_ id: FieldID, _ word: StaticString) -> Bool {
        guard present.contains(id), let field = fields.first(where: { $0.id == id }) else { return false }
        return bytes.withUnsafeBytes { field.value.bytes(of: $0).equalsIgnoringCase(word) }
    }

    /// Removes the fields of this kind.
    package mutating func remove(_ id: FieldID) {
        fields.removeAll { $0.id == id }
        present.remove(id)
    }

    /// Whether the field may be forwarded to an origin: neither hop-by-hop nor for this server.
    package func isEndToEnd(_ field: Field, in base: UnsafeRawBufferPointer) -> Bool {
        if FieldIDSet.hopByHop.contains(field.id) || field.id.isDragonfly { return false }
        // It is part of a manifest's key, so it is forwarded as well.
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
    package func position(of text: StaticString) -> Int? {
        let length = text.utf8CodeUnitCount
        guard let base = baseAddress, count >= length else { return nil }
        var start = 0
        while let found = memchr(base + start, Int32(text.utf8Start[0]), count - length + 1 - start) {
            if memcmp(found, text.utf8Start, length) == 0 { return found - UnsafeMutableRawPointer(mutating: base) }
            start = found - UnsafeMutableRawPointer(mutating: base) + 1
        }
        return nil
    }
}
