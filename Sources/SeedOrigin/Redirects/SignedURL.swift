import Glibc
import HTTPSemantics
package import SeedSupport

/// Reads from a URL when its signature expires.
package enum SignedURL {
    /// The earliest, if several parameters state one; nil if none does.
    ///
    /// `X-Amz-Date` + `X-Amz-Expires` (S3), the same with `X-Goog-` (Google), `Expires` in seconds since 1970 (S3 v2,
    /// CloudFront, older Google), `se` (Azure). Names compare without case.
    package static func expiry(of url: String) -> Timestamp? {
        let query = url.utf8.drop { $0 != UInt8(ascii: "?") }.dropFirst().prefix { $0 != UInt8(ascii: "#") }
        var values: [String: String] = [:]
        for pair in query.split(separator: UInt8(ascii: "&")) {
            let name = pair.prefix { $0 != UInt8(ascii: "=") }
            let value = String(Substring(pair[name.endIndex...].dropFirst()))
            values[Substring(name).lowercased()] = decoded(value) ?? value
        }
        let ends = [
            start(values["x-amz-date"], plus: values["x-amz-expires"]),
            start(values["x-goog-date"], plus: values["x-goog-expires"]),
            values["expires"].flatMap { Int64(digits: $0) }.map(Timestamp.init(seconds:)),
            values["se"].flatMap(time),
        ]
        return ends.compactMap(\.self).min()
    }

    private static func start(_ date: String?, plus seconds: String?) -> Timestamp? {
        guard let start = date.flatMap(time), let life = seconds.flatMap({ Int64(digits: $0) }) else { return nil }
        return start + .seconds(life)
    }

    /// ISO 8601 in UTC as signatures write it: `20260131T235959Z`, `2026-01-31T23:59:59Z`, and shorter, down to the day.
    private static func time(_ text: String) -> Timestamp? {
        let digits = text.filter { $0 != "-" && $0 != ":" && $0 != "Z" && $0 != "T" }
        guard [8, 12, 14].contains(digits.count), Int64(digits: digits) != nil else { return nil }
        let padded = Array((digits + String(repeating: "0", count: 14 - digits.count)).utf8)
        func number(_ range: Range<Int>) -> Int { padded[range].reduce(0) { $0 * 10 + Int($1 - 48) } }
        var time = tm()
        (time.tm_year, time.tm_mon) = (Int32(number(0..<4) - 1900), Int32(number(4..<6) - 1))
        (time.tm_mday, time.tm_hour) = (Int32(number(6..<8)), Int32(number(8..<10)))
        (time.tm_min, time.tm_sec) = (Int32(number(10..<12)), Int32(number(12..<14)))
        guard 0..<12 ~= time.tm_mon, 1...31 ~= time.tm_mday, time.tm_hour < 24, time.tm_min < 60 else { return nil }
        return Timestamp(seconds: Int64(timegm(&time)))
    }

    /// Without percent-encoding; nil if malformed or not UTF-8.
    private static func decoded(_ text: String) -> String? {
        var bytes: [UInt8] = []
        var rest = text.utf8[...]
        while let byte = rest.popFirst() {
            guard byte == UInt8(ascii: "%") else {
                bytes.append(byte)
                continue
            }
            let digits = String(decoding: rest.prefix(2), as: UTF8.self)
            guard digits.count == 2, digits.allSatisfy(\.isHexDigit), let value = UInt8(digits, radix: 16) else {
                return nil
            }
            bytes.append(value)
            rest.removeFirst(2)
        }
        return String(validating: bytes, as: UTF8.self)
    }
}
