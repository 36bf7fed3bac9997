/// Each gives the canonical text (RFC 9651 §4.1), or nil if there is none: a number with too many digits, a string with
/// other characters than printable ASCII, an invalid key or token.
extension StructuredField {
    package static func text(_ members: [Member]) -> String? {
        joined(members.map { text($0) }, by: ", ")
    }

    package static func text(_ dictionary: Members<Member>) -> String? {
        joined(
            dictionary.entries.map { key, member in
                guard isKey(key) else { return nil }
                if let item = member.item, item.value == .boolean(true) {
                    return text(item.parameters).map { key + $0 }
                }
                return text(member).map { "\(key)=\($0)" }
            }, by: ", ")
    }

    package static func text(_ item: Item) -> String? {
        joined([text(item.value), text(item.parameters)], by: "")
    }

    package static func text(_ value: BareItem) -> String? {
        switch value {
        case .integer(let integer): text(integer)
        case .decimal(let decimal): text(decimal)
        case .string(let string): quoted(string)
        case .token(let token): isToken(token) ? token : nil
        case .bytes(let bytes): ":\(Base64.encode(bytes)):"
        case .boolean(let isTrue): isTrue ? "?1" : "?0"
        case .date(let second): text(second).map { "@\($0)" }
        case .displayString(let text): percentEncoded(text)
        }
    }

    private static func text(_ member: Member) -> String? {
        switch member {
        case .item(let item): text(item)
        case .innerList(let list):
            joined(list.items.map { text($0) }, by: " ").flatMap { items in
                text(list.parameters).map { "(\(items))\($0)" }
            }
        }
    }

    private static func text(_ parameters: Parameters) -> String? {
        joined(
            parameters.entries.map { key, value in
                guard isKey(key) else { return nil }
                return value == .boolean(true) ? ";\(key)" : text(value).map { ";\(key)=\($0)" }
            }, by: "")
    }

    private static func text(_ integer: Int64) -> String? {
        integer.magnitude < 1_000_000_000_000_000 ? "\(integer)" : nil
    }

    private static func text(_ decimal: Decimal) -> String? {
        let (whole, part) = decimal.thousandths.magnitude.quotientAndRemainder(dividingBy: 1000)
        guard whole < 1_000_000_000_000 else { return nil }
        var decimals = String("\(1000 + part)".dropFirst())
        while decimals.count > 1, decimals.hasSuffix("0") { decimals.removeLast() }
        return "\(decimal.thousandths < 0 ? "-" : "")\(whole).\(decimals)"
    }

    private static func quoted(_ string: String) -> String? {
        guard string.utf8.allSatisfy({ 0x20...0x7e ~= $0 }) else { return nil }
        var text = "\""
        for character in string {
            if character == "\"" || character == "\\" { text += "\\" }
            text.append(character)
        }
        return text + "\""
    }

    private static func percentEncoded(_ string: String) -> String {
        var text = "%\""
        for octet in string.utf8 {
            if 0x20...0x7e ~= octet, octet != UInt8(ascii: "%"), octet != UInt8(ascii: "\"") {
                text.unicodeScalars.append(Unicode.Scalar(octet))
            } else {
                text += (octet < 16 ? "%0" : "%") + String(octet, radix: 16)
            }
        }
        return text + "\""
    }

    private static func isToken(_ text: String) -> Bool {
        text.utf8.first.map(startsToken) == true && text.utf8.allSatisfy(isInToken)
    }

    private static func isKey(_ text: String) -> Bool {
        func isLetter(_ octet: UInt8) -> Bool { UInt8(ascii: "a")...UInt8(ascii: "z") ~= octet }
        guard let first = text.utf8.first, isLetter(first) || first == UInt8(ascii: "*") else { return false }
        return text.utf8.allSatisfy { isLetter($0) || $0.isDigit || "_-.*".utf8.contains($0) }
    }

    /// Nil if any part is.
    private static func joined(_ parts: [String?], by separator: String) -> String? {
        let texts = parts.compactMap(\.self)
        return texts.count == parts.count ? texts.joined(separator: separator) : nil
    }
}
