extension HTTPField {
    /// The name of a field. Names are compared without regard to case (RFC 9110 §5.1).
    public struct Name: Sendable {
        /// Its number among the known names.
        package let id: FieldID
        /// As it was written; nil for a known name in its usual spelling.
        private let written: String?

        /// Nil unless this is a token.
        public init?(_ name: some StringProtocol) {
            self.init(octets: name.utf8)
        }

        /// Nil unless this is a token.
        public init?(octets: some Collection<UInt8>) {
            let name = octets.withContiguousStorageIfAvailable { Self(octets: UnsafeRawBufferPointer($0)) }
            guard let name = name ?? Array(octets).withUnsafeBytes({ Self(octets: $0) }) else { return nil }
            self = name
        }

        /// The same, of memory.
        package init?(octets: UnsafeRawBufferPointer) {
            guard isToken(octets) else { return nil }
            self.init(token: octets)
        }

        /// - Parameter token: already validated.
        package init(token: UnsafeRawBufferPointer) {
            self.init(token: token, id: FieldID(name: token))
        }

        /// - Parameters:
        ///   - token: already validated.
        ///   - id: what `FieldID(name:)` makes of it.
        package init(token: UnsafeRawBufferPointer, id: FieldID) {
            self.id = id
            written = id.isKnown && id.spelling.utf8.elementsEqual(token) ? nil : String(decoding: token, as: UTF8.self)
        }

        /// - Precondition: a known one.
        package init(_ id: FieldID) {
            precondition(id.isKnown, "only a known name can do without its text")
            self.id = id
            written = nil
        }

        /// As it was written.
        public var rawName: String { written ?? id.spelling }

        /// In lower case.
        public var canonicalName: String {
            id.isKnown ? id.canonicalSpelling : rawName.lowercased()
        }
    }
}

extension HTTPField.Name: Hashable {
    public static func == (a: Self, b: Self) -> Bool {
        guard a.id == b.id else { return false }
        return a.id.isKnown
            || a.rawName.utf8.count == b.rawName.utf8.count
                && a.rawName.utf8.equalsIgnoringCase(b.rawName.utf8)
    }

    public func hash(into hasher: inout Hasher) {
        hasher.combine(id)
        guard !id.isKnown else { return }
        for byte in rawName.utf8 { hasher.combine(byte.lowercased) }
    }
}

extension HTTPField.Name: CustomStringConvertible {
    public var description: String { rawName }
}
