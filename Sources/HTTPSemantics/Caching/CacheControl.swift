/// The directives of a response's `Cache-Control` that matter to a shared cache (RFC 9111 §5.2.2). Unknown and
/// malformed ones are ignored; if a directive is repeated, the stricter value counts.
package struct CacheControl: Sendable, Equatable {
    package private(set) var noStore = false
    package private(set) var isPrivate = false
    package private(set) var noCache = false
    /// Stale bytes must not be served, not even while the origin is down.
    package private(set) var mustRevalidate = false
    /// In seconds.
    package private(set) var maxAge: Int64?
    /// In seconds; for shared caches, before `maxAge`.
    package private(set) var sharedMaxAge: Int64?

    package init(_ headers: HTTPFields) {
        for line in headers[contents: .cacheControl] {
            for directive in Self.directives(line.octets) { take(directive) }
        }
    }

    private mutating func take(_ directive: (name: String, value: ArraySlice<UInt8>?)) {
        switch directive.name {
        case "no-store": noStore = true
        // With field names it applies to those fields only; not storing the response at all is the safe reading.
        case "private": isPrivate = true
        case "no-cache": noCache = true
        case "must-revalidate", "proxy-revalidate": mustRevalidate = true
        case "max-age": maxAge = Self.stricter(maxAge, directive.value)
        case "s-maxage":
            sharedMaxAge = Self.stricter(sharedMaxAge, directive.value)
            mustRevalidate = true
        default: break
        }
    }

    /// An invalid value counts as 0, as RFC 9111 §4.2.1 advises.
    private static func stricter(_ known: Int64?, _ text: ArraySlice<UInt8>?) -> Int64 {
        let seconds = text.flatMap { Int64(digits: $0, atMost: longest) } ?? 0
        return min(known ?? seconds, seconds)
    }

    /// The largest age, in seconds (RFC 9111 §1.2.2).
    package static let longest: Int64 = 1 << 31

    /// Splits at commas outside quotes; names in lower case, values without their quotes.
    private static func directives(_ line: [UInt8]) -> [(name: String, value: ArraySlice<UInt8>?)] {
        parts(line).compactMap { part in
            let halves = part.split(separator: UInt8(ascii: "="), maxSplits: 1, omittingEmptySubsequences: false)
            let name = String(decoding: trimmed(halves[0]).map(\.lowercased), as: UTF8.self)
            guard !name.isEmpty else { return nil }
            return (name, halves.count > 1 ? trimmed(halves[1]) : nil)
        }
    }

    private static func parts(_ line: [UInt8]) -> [ArraySlice<UInt8>] {
        var isQuoted = false
        return line.split(omittingEmptySubsequences: true) { byte in
            if byte == UInt8(ascii: "\"") { isQuoted.toggle() }
            return byte == UInt8(ascii: ",") && !isQuoted
        }
    }

    private static func trimmed(_ bytes: ArraySlice<UInt8>) -> ArraySlice<UInt8> {
        func isOutside(_ byte: UInt8) -> Bool { byte.isBlank || byte == UInt8(ascii: "\"") }
        let rest = bytes.drop(while: isOutside)
        return rest.prefix(rest.count - rest.reversed().prefix(while: isOutside).count)
    }
}
