extension StructuredFieldReader {
    mutating func bareItem() throws(Malformed) -> StructuredField.BareItem {
        switch next {
        case UInt8(ascii: "\""): .string(try string())
        case UInt8(ascii: ":"): .bytes(try bytes())
        case UInt8(ascii: "?"): .boolean(try boolean())
        case UInt8(ascii: "@"): .date(try date())
        case UInt8(ascii: "%"): .displayString(try displayString())
        case let octet? where octet == UInt8(ascii: "-") || octet.isDigit: try number()
        case let octet? where StructuredField.startsToken(octet): .token(token())
        default: throw malformed
        }
    }

    /// Up to 15 digits, or up to 12 and 1 to 3 behind a point.
    private mutating func number() throws(Malformed) -> StructuredField.BareItem {
        let sign: Int64 = skip("-") ? -1 : 1
        let digits = take(while: \.isDigit)
        guard digits.count <= 15, let whole = Int64(digits: digits) else { throw malformed }
        guard skip(".") else { return .integer(sign * whole) }
        let decimals = take(while: \.isDigit)
        guard digits.count <= 12, decimals.count <= 3, let part = Int64(digits: decimals) else { throw malformed }
        let scale: Int64 = decimals.count == 1 ? 100 : decimals.count == 2 ? 10 : 1
        return .decimal(StructuredField.Decimal(thousandths: sign * (whole * 1000 + part * scale)))
    }

    private mutating func date() throws(Malformed) -> Int64 {
        _ = try takeOne()
        guard case .integer(let second) = try number() else { throw malformed }
        return second
    }

    private mutating func boolean() throws(Malformed) -> Bool {
        _ = try takeOne()
        if skip("1") { return true }
        guard skip("0") else { throw malformed }
        return false
    }

    private mutating func token() -> String {
        String(decoding: take(while: StructuredField.isInToken), as: UTF8.self)
    }

    private mutating func bytes() throws(Malformed) -> [UInt8] {
        _ = try takeOne()
        let text = take { $0 != UInt8(ascii: ":") }
        guard let bytes = Base64.decode(text, isPaddingOptional: true), skip(":") else { throw malformed }
        return bytes
    }

    private mutating func string() throws(Malformed) -> String {
        _ = try takeOne()
        var text: [UInt8] = []
        while true {
            var octet = try takeOne()
            if octet == UInt8(ascii: "\"") { return String(decoding: text, as: UTF8.self) }
            if octet == UInt8(ascii: "\\") {
                octet = try takeOne()
                guard octet == UInt8(ascii: "\"") || octet == UInt8(ascii: "\\") else { throw malformed }
            }
            guard 0x20...0x7e ~= octet else { throw malformed }
            text.append(octet)
        }
    }

    private mutating func displayString() throws(Malformed) -> String {
        _ = try takeOne()
        guard skip("\"") else { throw malformed }
        var text: [UInt8] = []
        while true {
            var octet = try takeOne()
            if octet == UInt8(ascii: "\"") { break }
            guard 0x20...0x7e ~= octet else { throw malformed }
            if octet == UInt8(ascii: "%") { octet = try hexadecimalDigit() << 4 | hexadecimalDigit() }
            text.append(octet)
        }
        guard let text = String(validating: text, as: UTF8.self) else { throw malformed }
        return text
    }

    private mutating func hexadecimalDigit() throws(Malformed) -> UInt8 {
        switch try takeOne() {
        case let octet where octet.isDigit: octet - UInt8(ascii: "0")
        case let octet where UInt8(ascii: "a")...UInt8(ascii: "f") ~= octet: octet - UInt8(ascii: "a") + 10
        default: throw malformed
        }
    }
}

extension StructuredField {
    static func startsToken(_ octet: UInt8) -> Bool {
        octet == UInt8(ascii: "*") || UInt8(ascii: "a")...UInt8(ascii: "z") ~= octet | 0x20
    }

    static func isInToken(_ octet: UInt8) -> Bool {
        ASCIISet.token.contains(octet) || octet == UInt8(ascii: ":") || octet == UInt8(ascii: "/")
    }
}
