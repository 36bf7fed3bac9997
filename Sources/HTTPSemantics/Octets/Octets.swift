extension UInt8 {
    @inlinable package static var lineFeed: UInt8 { 0x0a }
    @inlinable package static var carriageReturn: UInt8 { 0x0d }
    @inlinable package static var space: UInt8 { 0x20 }
    @inlinable package static var tab: UInt8 { 0x09 }

    /// A space or a tab: optional whitespace (RFC 9110 §5.6.3).
    @inlinable package var isBlank: Bool { self == .space || self == .tab }
    @inlinable package var isDigit: Bool { self &- 0x30 < 10 }
    /// A letter of ASCII in lower case; any other byte as it is.
    @inlinable package var lowercased: UInt8 { 0x41...0x5a ~= self ? self | 0x20 : self }
    /// RFC 9110 §5.5: visible characters, blanks, and the bytes above ASCII.
    @inlinable package var isFieldContent: Bool { self >= 0x20 && self != 0x7f || self == .tab }
}

extension Sequence<UInt8> {
    /// Whether these are the bytes of `text`, letters of ASCII in either case.
    package func equalsIgnoringCase(_ text: some Sequence<UInt8>) -> Bool {
        elementsEqual(text) { $0.lowercased == $1.lowercased }
    }
}

extension BidirectionalCollection<UInt8> {
    /// Without the spaces and tabs around it.
    package var trimmingBlanks: SubSequence {
        guard let first = firstIndex(where: { !$0.isBlank }), let last = lastIndex(where: { !$0.isBlank }) else {
            return self[endIndex...]
        }
        return self[first...last]
    }
}

extension StringProtocol {
    /// Without the spaces and tabs around it.
    package var trimmingBlanks: SubSequence {
        guard let first = firstIndex(where: { $0 != " " && $0 != "\t" }),
            let last = lastIndex(where: { $0 != " " && $0 != "\t" })
        else { return self[endIndex...] }
        return self[first...last]
    }
}

extension UnsafeRawBufferPointer {
    /// Without the blanks at both ends.
    @inlinable @inline(__always)
    package var trimmingBlanks: UnsafeRawBufferPointer {
        var (start, end) = (0, count)
        while start < end, self[start].isBlank { start += 1 }
        while end > start, self[end - 1].isBlank { end -= 1 }
        return UnsafeRawBufferPointer(rebasing: self[start..<end])
    }

    /// The parts before and after the first such byte; nil if there is none.
    func divided(at byte: UInt8) -> (UnsafeRawBufferPointer, UnsafeRawBufferPointer)? {
        guard let index = firstIndex(of: byte) else { return nil }
        return (
            UnsafeRawBufferPointer(rebasing: self[..<index]), UnsafeRawBufferPointer(rebasing: self[(index + 1)...])
        )
    }

    /// - Parameter known: in lower case, letters, digits and hyphens only; then setting one bit is enough to compare
    ///   it with a token.
    @inlinable @inline(__always)
    package func equalsIgnoringCase(_ known: StaticString) -> Bool {
        guard count == known.utf8CodeUnitCount else { return false }
        for index in 0..<count where self[index] | 0x20 != known.utf8Start[index] { return false }
        return true
    }

    /// Whether these are the first bytes, letters in either case.
    /// - Parameter word: as above.
    func begins(_ word: StaticString) -> Bool {
        let length = word.utf8CodeUnitCount
        return count >= length && UnsafeRawBufferPointer(rebasing: self[..<length]).equalsIgnoringCase(word)
    }
}

extension BidirectionalCollection<UInt8> where SubSequence: BidirectionalCollection<UInt8> {
    /// The elements of a list between commas (RFC 9110 §5.6.1): without the blanks around them, empty ones left out.
    /// A comma in a quoted string separates, too, so use it where elements are tokens.
    package var listElements: [SubSequence] {
        split(separator: UInt8(ascii: ",")).map(\.trimmingBlanks).filter { !$0.isEmpty }
    }
}
