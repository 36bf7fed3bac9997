package import HTTPTypes
import SeedOrigin

/// The directives of an answer's `Cache-Control` that matter to a shared cache (RFC 9111 §5.2.2). Unknown and malformed
/// ones are passed over; of a directive given twice the stricter counts.
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
        for line in headers[values: .cacheControl] {
            for directive in Self.directives(line) { take(directive) }
        }
    }

    private mutating func take(_ directive: (name: String, value: String?)) {
        switch directive.name {
        case "no-store": noStore = true
        // With field names it speaks of those fields only; to keep the whole answer out is the safe reading.
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

    /// A value that is no number of seconds counts as 0, as RFC 9111 §4.2.1 advises.
    private static func stricter(_ known: Int64?, _ text: String?) -> Int64 {
        let isNumber = text.map { !$0.isEmpty && $0.utf8.allSatisfy { (0x30...0x39).contains($0) } } ?? false
        let seconds = isNumber ? min(text.flatMap(Int64.init) ?? longest, longest) : 0
        return min(known ?? seconds, seconds)
    }

    /// What no age passes (RFC 9111 §1.2.2).
    private static let longest: Int64 = 1 << 31

    /// Splits at commas outside quotes; names in lower case, values without their quotes.
    private static func directives(_ line: String) -> [(name: String, value: String?)] {
        var parts: [[UInt8]] = [[]]
        var isQuoted = false
        for byte in line.utf8 {
            if byte == UInt8(ascii: "\"") { isQuoted.toggle() }
            if byte == UInt8(ascii: ","), !isQuoted { parts.append([]) } else { parts[parts.count - 1].append(byte) }
        }
        return parts.compactMap { part in
            let halves = part.split(separator: UInt8(ascii: "="), maxSplits: 1, omittingEmptySubsequences: false)
            let name = trimmed(halves[0]).lowercased()
            guard !name.isEmpty else { return nil }
            return (name, halves.count > 1 ? trimmed(halves[1]) : nil)
        }
    }

    private static func trimmed(_ bytes: some Sequence<UInt8>) -> String {
        let outside: Set<UInt8> = [0x20, 0x09, UInt8(ascii: "\"")]
        let kept = bytes.drop { outside.contains($0) }.reversed().drop { outside.contains($0) }.reversed()
        return String(decoding: Array(kept), as: UTF8.self)
    }
}
