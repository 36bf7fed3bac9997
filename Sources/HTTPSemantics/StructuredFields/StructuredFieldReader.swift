/// Walks over the octets of a structured field from front to back (RFC 9651 §4.2).
struct StructuredFieldReader {
    typealias Malformed = StructuredField.Malformed

    private let octets: [UInt8]
    private let keysInAnyCase: Bool
    private(set) var position = 0

    init(_ octets: some Collection<UInt8>, keysInAnyCase: Bool = false) {
        self.octets = Array(octets)
        self.keysInAnyCase = keysInAnyCase
    }

    var next: UInt8? { position < octets.count ? octets[position] : nil }
    var isAtEnd: Bool { position == octets.count }
    var malformed: Malformed { Malformed(position: position) }

    /// Nothing but spaces may stand around what `read` reads.
    mutating func whole<Value>(
        _ read: (inout StructuredFieldReader) throws(Malformed) -> Value
    ) throws(Malformed) -> Value {
        skipSpaces()
        let value = try read(&self)
        skipSpaces()
        guard isAtEnd else { throw malformed }
        return value
    }

    mutating func list() throws(Malformed) -> [StructuredField.Member] {
        var members: [StructuredField.Member] = []
        while !isAtEnd {
            members.append(try member())
            try separator()
        }
        return members
    }

    mutating func dictionary() throws(Malformed) -> [(key: String, member: StructuredField.Member)] {
        var entries: [(key: String, member: StructuredField.Member)] = []
        while !isAtEnd {
            let key = try key()
            entries.append(
                (key, skip("=") ? try member() : .item(StructuredField.Item(.boolean(true), try parameters()))))
            try separator()
        }
        return entries
    }

    /// The end, or a comma and what comes after it.
    private mutating func separator() throws(Malformed) {
        skipBlanks()
        if isAtEnd { return }
        guard skip(",") else { throw malformed }
        skipBlanks()
        guard !isAtEnd else { throw malformed }
    }

    private mutating func member() throws(Malformed) -> StructuredField.Member {
        skip("(") ? .innerList(try innerList()) : .item(try item())
    }

    /// After its opening parenthesis.
    private mutating func innerList() throws(Malformed) -> StructuredField.InnerList {
        var items: [StructuredField.Item] = []
        while true {
            skipSpaces()
            if skip(")") { return StructuredField.InnerList(items, try parameters()) }
            items.append(try item())
            guard next == .space || next == UInt8(ascii: ")") else { throw malformed }
        }
    }

    mutating func item() throws(Malformed) -> StructuredField.Item {
        let value = try bareItem()
        return StructuredField.Item(value, try parameters())
    }

    private mutating func parameters() throws(Malformed) -> StructuredField.Parameters {
        var parameters = StructuredField.Parameters()
        while skip(";") {
            skipSpaces()
            let key = try key()
            parameters[key] = skip("=") ? try bareItem() : .boolean(true)
        }
        return parameters
    }

    private mutating func key() throws(Malformed) -> String {
        guard let first = next, Self.isKeyLetter(first, keysInAnyCase) || first == UInt8(ascii: "*") else {
            throw malformed
        }
        let anyCase = keysInAnyCase
        let key = take { Self.isKeyLetter($0, anyCase) || $0.isDigit || "_-.*".utf8.contains($0) }
        return String(decoding: key.map(\.lowercased), as: UTF8.self)
    }

    private static func isKeyLetter(_ octet: UInt8, _ anyCase: Bool) -> Bool {
        UInt8(ascii: "a")...UInt8(ascii: "z") ~= (anyCase ? octet.lowercased : octet)
    }

    mutating func take(while isMember: (UInt8) -> Bool) -> ArraySlice<UInt8> {
        let taken = octets[position...].prefix(while: isMember)
        position = taken.endIndex
        return taken
    }

    mutating func takeOne() throws(Malformed) -> UInt8 {
        guard let octet = next else { throw malformed }
        position += 1
        return octet
    }

    /// Skips this character; false if the next one is different.
    mutating func skip(_ character: Unicode.Scalar) -> Bool {
        guard next == UInt8(ascii: character) else { return false }
        position += 1
        return true
    }

    private mutating func skipSpaces() {
        while next == .space { position += 1 }
    }

    private mutating func skipBlanks() {
        while next?.isBlank == true { position += 1 }
    }
}
