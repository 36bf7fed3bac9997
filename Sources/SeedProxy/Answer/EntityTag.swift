/// An entity tag (RFC 9110 §8.8.3).
struct EntityTag: Equatable {
    var isWeak: Bool
    /// Between the quotes.
    var opaque: Substring.UTF8View.SubSequence

    /// Nil unless the whole text is one tag.
    init?(_ text: String) {
        var reader = EntityTagReader(rest: text[...].utf8)
        guard let tag = reader.readTag(), reader.rest.isEmpty else { return nil }
        self = tag
    }

    fileprivate init(isWeak: Bool, opaque: Substring.UTF8View.SubSequence) {
        self.isWeak = isWeak
        self.opaque = opaque
    }

    static func == (a: EntityTag, b: EntityTag) -> Bool { a.isWeak == b.isWeak && a.matchesWeakly(b) }

    func matchesStrongly(_ other: EntityTag) -> Bool { !isWeak && !other.isWeak && matchesWeakly(other) }
    func matchesWeakly(_ other: EntityTag) -> Bool { opaque.elementsEqual(other.opaque) }
}

/// The value of `If-Match` or `If-None-Match` (RFC 9110 §13.1.1).
enum EntityTagList: Equatable {
    case any
    case tags([EntityTag])

    /// Nil if malformed: such a list names no tag.
    init?(_ text: String) {
        var reader = EntityTagReader(rest: text[...].utf8)
        if reader.readAny() {
            self = .any
            return
        }
        guard let tags = reader.readList() else { return nil }
        self = .tags(tags)
    }
}

private struct EntityTagReader {
    var rest: Substring.UTF8View

    mutating func readAny() -> Bool {
        var copy = self
        copy.skipBlanks()
        guard copy.skip(UInt8(ascii: "*")) else { return false }
        copy.skipBlanks()
        return copy.rest.isEmpty
    }

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
        return skip(UInt8(ascii: "\"")) ? EntityTag(isWeak: isWeak, opaque: opaque) : nil
    }

    mutating func skip(_ byte: UInt8) -> Bool {
        guard rest.first == byte else { return false }
        rest.removeFirst()
        return true
    }

    mutating func skipBlanks() {
        rest = rest.drop { $0.isBlank }
    }

    private mutating func skipEmptyElements() {
        repeat { skipBlanks() } while skip(UInt8(ascii: ","))
    }
}
