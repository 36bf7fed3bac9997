/// One header or trailer field: a name and a value.
///
/// Two are equal when their names are, without regard to case, and their values are, octet for octet.
public struct HTTPField: Hashable, Sendable {
    public var name: Name
    /// The octets of the value. ``value`` is the same as text.
    public var content: Value

    public init(name: Name, content: Value) {
        self.name = name
        self.content = content
    }

    /// Invalid characters become blanks; surrounding blanks are removed.
    public init(name: Name, value: String) {
        self.init(name: name, content: Value(value))
    }

    /// The same, from octets.
    public init(name: Name, value: some Collection<UInt8>) {
        self.init(name: name, content: Value(octets: value))
    }

    /// Keeps what was received, control characters too; only line ends and NUL become blanks.
    public init(name: Name, lenientValue octets: some Collection<UInt8>) {
        self.init(name: name, content: Value(lenientOctets: octets))
    }

    /// The same, of memory.
    package init(name: Name, lenientValue octets: UnsafeRawBufferPointer) {
        self.init(name: name, content: Value(lenientOctets: octets))
    }

    /// Nil if the value is invalid.
    public init?(name: Name, validating value: String) {
        guard let content = Value(validating: value) else { return nil }
        self.init(name: name, content: content)
    }

    /// The value as text. Octets that are not UTF-8 appear as U+FFFD; ``content`` has them as they are.
    public var value: String {
        get { content.text }
        set { content = Value(newValue) }
    }

    /// Lends the octets of the value.
    public func withUnsafeBytesOfValue<R, E: Error>(
        _ body: (UnsafeRawBufferPointer) throws(E) -> R
    ) throws(E) -> R {
        try content.withOctets(body)
    }

    /// Whether this may be the value of a field: no control characters but tabs, no blanks around it.
    public static func isValidValue(_ text: String) -> Bool {
        Value.isValid(text)
    }

    /// The same, of octets.
    public static func isValidValue(_ octets: some Collection<UInt8>) -> Bool {
        Value.isValid(octets)
    }

    /// Whether this is a token, as names of fields and methods are (RFC 9110 §5.6.2).
    public static func isValidToken(_ text: String) -> Bool {
        isToken(text.utf8)
    }

    static func isToken(_ octets: some Collection<UInt8>) -> Bool {
        !octets.isEmpty && octets.allSatisfy(ASCIISet.token.contains)
    }
}

extension HTTPField: CustomStringConvertible {
    public var description: String { "\(name.rawName): \(value)" }
}
