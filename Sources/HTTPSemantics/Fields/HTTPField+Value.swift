extension HTTPField {
    /// The value of a field: octets, mostly text. It never holds a line end or NUL, so it can't break out of its line.
    ///
    /// Values are equal when their octets are; text isn't normalised.
    public struct Value: Sendable {
        /// Valid UTF-8 is always `text`, so that short values need no allocation.
        private enum Storage: Sendable {
            case text(String)
            case octets([UInt8])
        }

        private let storage: Storage

        /// Invalid characters become blanks; surrounding blanks are removed.
        public init(_ text: String) {
            if Self.isValid(text) {
                self.init(known: text)
            } else {
                self.init(known: text.utf8.map { $0.isFieldContent ? $0 : .space }.trimmingBlanks)
            }
        }

        /// The same, from octets.
        public init(octets: some Collection<UInt8>) {
            if Self.isValid(octets) {
                self.init(known: octets)
            } else {
                self.init(known: octets.map { $0.isFieldContent ? $0 : .space }.trimmingBlanks)
            }
        }

        /// Keeps what was received, control characters too; only line ends and NUL become blanks.
        public init(lenientOctets octets: some Collection<UInt8>) {
            let value = octets.withContiguousStorageIfAvailable { Self(lenientOctets: UnsafeRawBufferPointer($0)) }
            self = value ?? Array(octets).withUnsafeBytes { Self(lenientOctets: $0) }
        }

        /// The same, of memory.
        package init(lenientOctets octets: UnsafeRawBufferPointer) {
            if octets.contains(where: Self.endsLine) {
                self.init(known: octets.map { Self.endsLine($0) ? .space : $0 })
            } else {
                self.init(known: octets)
            }
        }

        /// Nil if the value is invalid.
        public init?(validating text: String) {
            guard Self.isValid(text) else { return nil }
            self.init(known: text)
        }

        /// Nil if the value is invalid.
        public init?(validating octets: some Collection<UInt8>) {
            guard Self.isValid(octets) else { return nil }
            self.init(known: octets)
        }

        private init(known text: String) {
            storage = .text(text)
        }

        private init(known octets: some Collection<UInt8>) {
            if let text = String(validating: octets, as: UTF8.self) {
                storage = .text(text)
            } else {
                storage = .octets(Array(octets))
            }
        }

        /// Octets that are not UTF-8 appear as U+FFFD.
        public var text: String {
            switch storage {
            case .text(let text): text
            case .octets(let octets): String(decoding: octets, as: UTF8.self)
            }
        }

        /// Nil if the octets are not UTF-8.
        public var exactText: String? {
            if case .text(let text) = storage { text } else { nil }
        }

        public var octets: [UInt8] {
            switch storage {
            case .text(let text): Array(text.utf8)
            case .octets(let octets): octets
            }
        }

        /// How many octets.
        public var count: Int {
            switch storage {
            case .text(let text): text.utf8.count
            case .octets(let octets): octets.count
            }
        }

        public var isEmpty: Bool { count == 0 }

        /// Lends the octets.
        public func withOctets<R, E: Error>(_ body: (UnsafeRawBufferPointer) throws(E) -> R) throws(E) -> R {
            switch storage {
            case .text(let text): try text.utf8.span.bytes.withUnsafeBytes(body)
            case .octets(let octets): try octets.span.bytes.withUnsafeBytes(body)
            }
        }

        /// Whether it contains one of these words, in any case.
        /// - Parameter words: letters in lower case.
        package func holds(_ words: StaticString...) -> Bool {
            withOctets { octets in
                octets.indices.contains { start in
                    let rest = UnsafeRawBufferPointer(rebasing: octets[start...])
                    return words.contains { rest.begins($0) }
                }
            }
        }

        static func isValid(_ octets: some Collection<UInt8>) -> Bool {
            octets.withContiguousStorageIfAvailable { isValid(UnsafeRawBufferPointer($0)) }
                ?? Array(octets).withUnsafeBytes { isValid($0) }
        }

        static func isValid(_ text: String) -> Bool {
            text.utf8.span.bytes.withUnsafeBytes { isValid($0) }
        }

        private static func isValid(_ octets: UnsafeRawBufferPointer) -> Bool {
            guard let first = octets.first, let last = octets.last else { return true }
            return !first.isBlank && !last.isBlank && octets.allSatisfy(\.isFieldContent)
        }

        private static func endsLine(_ octet: UInt8) -> Bool {
            octet == .carriageReturn || octet == .lineFeed || octet == 0
        }
    }
}

extension HTTPField.Value: Hashable {
    public static func == (a: Self, b: Self) -> Bool {
        switch (a.storage, b.storage) {
        case (.text(let a), .text(let b)): a.utf8.count == b.utf8.count && a.utf8.elementsEqual(b.utf8)
        case (.octets(let a), .octets(let b)): a == b
        default: false
        }
    }

    public func hash(into hasher: inout Hasher) {
        hasher.combine(count)
        withOctets { hasher.combine(bytes: $0) }
    }
}

extension HTTPField.Value: ExpressibleByStringLiteral, CustomStringConvertible {
    public init(stringLiteral text: String) { self.init(text) }

    public var description: String { text }
}
