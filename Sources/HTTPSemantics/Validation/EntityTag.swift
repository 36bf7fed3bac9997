/// An entity tag (RFC 9110 §8.8.3): in quotes, with `W/` before them if it is weak. Anything else is invalid, such as
/// text without the closing quote; `""` is valid.
package struct EntityTag: Hashable, Sendable {
    package var isWeak: Bool
    /// The octets between the quotes.
    package var opaque: [UInt8]

    /// Nil unless the whole is one tag.
    package init?(_ octets: some Collection<UInt8>) {
        var reader = EntityTagReader(rest: Array(octets)[...])
        guard let tag = reader.readTag(), reader.rest.isEmpty else { return nil }
        self = tag
    }

    /// Nil unless the whole text is one tag.
    package init?(_ text: some StringProtocol) {
        self.init(text.utf8)
    }

    /// Nil unless the whole value is one tag.
    package init?(_ value: HTTPField.Value) {
        self.init(value.octets)
    }

    fileprivate init(isWeak: Bool, opaque: [UInt8]) {
        self.isWeak = isWeak
        self.opaque = opaque
    }

    package func matchesStrongly(_ other: EntityTag) -> Bool { !isWeak && !other.isWeak && matchesWeakly(other) }
    package func matchesWeakly(_ other: EntityTag) -> Bool { opaque == other.opaque }

    /// As it stands in a field.
    package var value: HTTPField.Value {
        HTTPField.Value(octets: Array((isWeak ? "W/\"" : "\"").utf8) + opaque + [UInt8(ascii: "\"")])
    }
}

/// The value of `If-Match` or `If-None-Match` (RFC 9110 §13.1.1).
package enum EntityTagList: Equatable, Sendable {
    case any
    case tags([EntityTag])

    /// Nil if malformed: such a list names no tag.
    package init?(_ octets: some Collection<UInt8>) {
        let octets = Array(octets)
        if octets.trimmingBlanks.elementsEqual("*".utf8) {
            self = .any
            return
        }
        var reader = EntityTagReader(rest: octets[...])
        guard let tags = reader.readList() else { return nil }
        self = .tags(tags)
    }

    /// Nil if malformed.
    package init?(_ text: some StringProtocol) {
        self.init(text.utf8)
    }
}

extension HTTPFields {
    /// The entity tag of a response; nil if absent, repeated differently or malformed.
    package var entityTag: EntityTag? {
        let values = self[contents: .eTag]
        guard let first = values.first, values.allSatisfy({ $0 == first }) else { return nil }
        return EntityTag(first)
    }

    /// The entity tag, with its quotes, if it is strong: only a strong one identifies the bytes (RFC 9110 §8.8.3).
    package var strongETag: HTTPField.Value? {
        entityTag.flatMap { $0.isWeak ? nil : $0.value }
    }
}

private struct EntityTagReader {
    var rest: ArraySlice<UInt8>

    /// Empty elements are skipped (RFC 9110 §5.6.1.2); at least one tag is needed.
    mutating func readList() -> [EntityTag]? {
        var tags: [EntityTag] = []
        skipEmptyElements()
        while !rest.isEmpty {
            guard let tag = readTag() else { return nil }
            tags.append(tag)
            skipBlanks()
            guard rest.isEmpty || skip(UInt8(ascii: ",")) else { return nil }
            skipEmptyElements()
        }
        return tags.isEmpty ? nil : tags
    }

    mutating func readTag() -> EntityTag? {
        let isWeak = rest.starts(with: "W/".utf8)
        if isWeak { rest = rest.dropFirst(2) }
        guard skip(UInt8(ascii: "\"")) else { return nil }
        let opaque = rest.prefix { $0 == 0x21 || 0x23...0x7e ~= $0 || $0 >= 0x80 }
        rest = rest[opaque.endIndex...]
        return skip(UInt8(ascii: "\"")) ? EntityTag(isWeak: isWeak, opaque: Array(opaque)) : nil
    }

    private mutating func skip(_ byte: UInt8) -> Bool {
        guard rest.first == byte else { return false }
        rest.removeFirst()
        return true
    }

    private mutating func skipBlanks() {
        rest = rest.drop(while: \.isBlank)
    }

    private mutating func skipEmptyElements() {
        repeat { skipBlanks() } while skip(UInt8(ascii: ","))
    }
}
