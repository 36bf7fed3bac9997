import HTTPSemantics
import SeedSupport

/// The framing of a response with several ranges (RFC 9110 §14.6).
struct Multipart {
    let ranges: [ByteRange]
    let length: Int64
    let boundary: String
    /// Of the whole object.
    let contentType: HTTPField.Value?
    /// The part being sent.
    private(set) var current = 0

    init(ranges: [ByteRange], length: Int64, contentType: HTTPField.Value?) {
        self.ranges = ranges
        self.length = length
        self.contentType = contentType
        // 128 random bits, so that no body can be crafted to contain the boundary.
        boundary =
            String(UInt64.random(in: .min ... .max), radix: 36) + String(UInt64.random(in: .min ... .max), radix: 36)
    }

    var contentLength: Int64 {
        let heads = ranges.indices.reduce(0) { $0 + Int64(head(of: $1).count) }
        return ranges.reduce(heads + Int64(end.count)) { $0 + $1.count }
    }

    /// What comes before the current part's bytes.
    var head: Bytes { head(of: current) }
    /// What comes after the last part's.
    var end: Bytes { Bytes("\r\n--\(boundary)--\r\n") }
    var range: ByteRange { ranges[current] }

    /// - Returns: false after the last part.
    mutating func advance() -> Bool {
        guard current + 1 < ranges.count else { return false }
        current += 1
        return true
    }

    private func head(of part: Int) -> Bytes {
        let range = ranges[part]
        var bytes = ByteBuilder("\(part == 0 ? "" : "\r\n")--\(boundary)\r\n")
        if let contentType {
            bytes.append("Content-Type: " as StaticString)
            contentType.withOctets { bytes.append($0) }
            bytes.append("\r\n" as StaticString)
        }
        bytes.append("Content-Range: bytes \(range.lowerBound)-\(range.upperBound - 1)/\(length)\r\n\r\n")
        return bytes.take()
    }
}
