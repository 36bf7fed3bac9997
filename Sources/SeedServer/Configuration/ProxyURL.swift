import SeedOrigin
import SeedSupport

/// The URL of a proxy to origins: `http[s]://[user[:password]@]host:port`.
enum ProxyURL {
    /// Whether `text` is valid. curl itself accepts much more, and guesses.
    static func isOne(_ text: String) -> Bool {
        guard let colon = text.firstRange(of: "://"), ["http", "https"].contains(text[..<colon.lowerBound]) else {
            return false
        }
        let rest = text[colon.upperBound...]
        let authority = rest.hasSuffix("/") ? rest.dropLast() : rest
        let parts = authority.split(separator: "@", omittingEmptySubsequences: false)
        guard (1...2).contains(parts.count), let place = parts.last, isHostAndPort(place) else { return false }
        return parts.count == 1 || isText(parts[0], with: unreserved + ":")
    }

    private static func isHostAndPort(_ text: Substring) -> Bool {
        guard let colon = text.lastIndex(of: ":") else { return false }
        let (host, port) = (text[..<colon], text[text.index(after: colon)...])
        guard port.allSatisfy(\.isASCIIDigit), let number = Int(port), 1...65_535 ~= number else { return false }
        if host.hasPrefix("[") { return host.hasSuffix("]") && IPAddress(String(host)) != nil }
        return !host.isEmpty && isText(host, with: unreserved)
    }

    /// Letters, digits, `characters` and bytes written as `%` with two digits.
    private static func isText(_ text: Substring, with characters: String) -> Bool {
        var rest = text.utf8[...]
        while let byte = rest.popFirst() {
            if byte == UInt8(ascii: "%") {
                guard rest.count >= 2, rest.prefix(2).allSatisfy(isHexadecimal) else { return false }
                rest = rest.dropFirst(2)
            } else if !isLetterOrDigit(byte) && !characters.utf8.contains(byte) {
                return false
            }
        }
        return true
    }

    /// RFC 3986's unreserved characters and sub-delimiters that are neither letters nor digits.
    private static let unreserved = "-._~!$&'()*+,;="

    private static func isHexadecimal(_ byte: UInt8) -> Bool { Character(Unicode.Scalar(byte)).isHexDigit }

    private static func isLetterOrDigit(_ byte: UInt8) -> Bool {
        let letter = Character(Unicode.Scalar(byte))
        return letter.isASCII && (letter.isLetter || letter.isNumber)
    }
}
