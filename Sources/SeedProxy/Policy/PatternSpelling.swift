/// Respells a pattern for RE2. Dragonfly's clients take Rust's syntax, its scheduler Go's: almost what RE2 takes.
/// Where RE2 spells a construct differently, that spelling is used. What RE2 would interpret differently is refused,
/// because it would silently match other URLs; but for `\d`, `\w`, `\s` and `\b`, which know Unicode in Rust and ASCII
/// in Go and RE2: URLs hold other characters escaped. What RE2 doesn't support, it refuses by itself.
struct PatternSpelling {
    private var rest: ArraySlice<UInt8>
    private var result: [UInt8] = []

    /// - Throws: `PatternError` for what has another meaning in RE2.
    static func forRE2(_ pattern: String) throws(PatternError) -> [UInt8] {
        var spelling = PatternSpelling(rest: Array(pattern.utf8)[...])
        while let octet = spelling.rest.first {
            switch octet {
            case UInt8(ascii: "\\"): try spelling.escape()
            case UInt8(ascii: "["): try spelling.characterClass()
            case UInt8(ascii: "("): spelling.group()
            case UInt8(ascii: "{"): spelling.repetition()
            default: spelling.take(1)
            }
        }
        return spelling.result
    }

    private init(rest: ArraySlice<UInt8>) {
        self.rest = rest
    }

    // MARK: The pieces of a pattern

    /// `(?<name>` is `(?P<name>` in RE2 of 2022. `(?<=` and `(?<!` are look-behind.
    private mutating func group() {
        let isNamed = begins("(?<") && !begins("(?<=") && !begins("(?<!")
        isNamed ? replace("(?<", by: "(?P<") : take(1)
    }

    /// `{,n}` stands for `{0,n}`; RE2 would look for these characters.
    private mutating func repetition() {
        let digits = rest.dropFirst(2).prefix { 0x30...0x39 ~= $0 }
        let isOpen = begins("{,") && !digits.isEmpty && rest.dropFirst(2 + digits.count).first == UInt8(ascii: "}")
        isOpen ? replace("{,", by: "{0,") : take(1)
    }

    private mutating func escape() throws(PatternError) {
        switch rest.dropFirst().first {
        case UInt8(ascii: "Q"): quotation()
        case UInt8(ascii: "u"): try scalar(digits: 4)
        case UInt8(ascii: "U"): try scalar(digits: 8)
        case UInt8(ascii: "<"), UInt8(ascii: ">"): throw PatternError(#"\< and \> are not supported; write \b"#)
        case UInt8(ascii: "b") where begins(#"\b{"#), UInt8(ascii: "B") where begins(#"\B{"#):
            throw PatternError(#"\b{…} is not supported; write \b"#)
        default: take(2)
        }
    }

    /// `\Q…\E`: all in between stands for itself.
    private mutating func quotation() {
        take(2)
        while !rest.isEmpty, !begins(#"\E"#) { take(1) }
        take(2)
    }

    /// A character by its number: `\u{…}` or so many digits.
    private mutating func scalar(digits count: Int) throws(PatternError) {
        let isBraced = rest.dropFirst(2).first == UInt8(ascii: "{")
        let number = rest.dropFirst(isBraced ? 3 : 2)
        let digits = isBraced ? number.prefix { $0 != UInt8(ascii: "}") } : number.prefix(count)
        guard isBraced || digits.count == count,
            UInt32(String(decoding: digits, as: UTF8.self), radix: 16).flatMap(Unicode.Scalar.init) != nil
        else {
            throw PatternError(#"\u and \U want the number of a character in hexadecimal digits"#)
        }
        result += #"\x{"#.utf8 + digits + "}".utf8
        rest = number.dropFirst(digits.count + (isBraced ? 1 : 0))
    }

    /// In a class RE2 takes `[`, `&&`, `--` and `~~` for characters; elsewhere they make classes of classes.
    private mutating func characterClass() throws(PatternError) {
        take(begins("[^") ? 2 : 1)
        if begins("]") { take(1) }
        while let octet = rest.first, octet != UInt8(ascii: "]") {
            switch octet {
            case UInt8(ascii: "\\"): try escape()
            case UInt8(ascii: "[") where begins("[:"): namedClass()
            case UInt8(ascii: "["):
                throw PatternError(#"classes in classes are not supported; write \[ for the character"#)
            case _ where begins("&&") || begins("--") || begins("~~"):
                throw PatternError(#"&&, -- and ~~ in classes are not supported; write \&, \- or \~ for the character"#)
            default: take(1)
            }
        }
        take(1)
    }

    /// `[:alpha:]`.
    private mutating func namedClass() {
        take(2)
        while let octet = rest.first, octet != UInt8(ascii: "]") { take(1) }
        take(1)
    }

    // MARK: Reading

    private func begins(_ text: StaticString) -> Bool {
        text.withUTF8Buffer { rest.starts(with: $0) }
    }

    private mutating func take(_ count: Int) {
        result += rest.prefix(count)
        rest = rest.dropFirst(count)
    }

    private mutating func replace(_ old: StaticString, by new: StaticString) {
        new.withUTF8Buffer { result += $0 }
        rest = rest.dropFirst(old.utf8CodeUnitCount)
    }
}
