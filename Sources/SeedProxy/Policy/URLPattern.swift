import CRE2

/// An operator's regular expression, searched in URLs chosen by clients, in time linear in the URL's length
/// (rule:linear-patterns), over its octets as UTF-8. Any number of threads may share one.
package struct URLPattern: Sendable {
    /// The longest compiled program, in instructions of 8 bytes: 64 KiB.
    private static let instructionLimit: Int32 = 8192

    /// The supported syntax, for error messages.
    package static let allowed =
        "a regular expression as Dragonfly takes it: RE2's syntax, without look-around, back-references and nested classes"

    private let expression: Expression

    /// - Throws: `PatternError`, which says what isn't understood, or is understood and not supported.
    package init(_ text: String) throws(PatternError) {
        let spelling = try PatternSpelling.forRE2(text)
        let (compiled, reason) = withUnsafeTemporaryAllocation(of: CChar.self, capacity: 256) { reason in
            // Nothing is written when it compiles. The address is never nil: 256 bytes.
            reason.initialize(repeating: 0)
            let (text, address) = (spelling, reason.baseAddress!)
            let compiled = cre2_compile(text, text.count, Self.instructionLimit, address, reason.count)
            return (compiled, String(cString: address))
        }
        guard let compiled else { throw PatternError(reason) }
        expression = Expression(compiled)
    }

    /// Whether it matches anywhere in the text.
    func isFound(in text: String) -> Bool {
        var text = text
        return text.withUTF8 { cre2_is_found(expression.handle, $0.baseAddress, $0.count) != 0 }
    }
}

/// Why a pattern is refused, in words that follow the pattern.
package struct PatternError: Error, Equatable, CustomStringConvertible {
    package let description: String

    init(_ description: String) {
        self.description = description
    }
}

/// The owner of what the C library made.
private final class Expression: @unchecked Sendable {
    // Unchecked: RE2 changes nothing of it that its own locks don't guard.
    let handle: OpaquePointer

    init(_ handle: OpaquePointer) {
        self.handle = handle
    }

    deinit { cre2_free(handle) }
}
