import DragonflyIdentity
import NIOCore

/// The framing of an answer with several ranges (RFC 9110 §14.6).
struct Multipart {
    let ranges: [ByteRange]
    let length: Int64
    let boundary: String
    /// Of the whole object.
    let contentType: String?
    /// The part being sent.
    private(set) var current = 0

    init(ranges: [ByteRange], length: Int64, contentType: String?) {
        self.ranges = ranges
        self.length = length
        self.contentType = contentType
        // 128 random bits: no body can be made to hold them.
        boundary =
            String(UInt64.random(in: .min ... .max), radix: 36) + String(UInt64.random(in: .min ... .max), radix: 36)
    }

    var contentLength: Int64 {
        let heads = ranges.indices.reduce(0) { $0 + Int64(headText(of: $1).utf8.count) }
        return ranges.reduce(heads + Int64(endText.utf8.count)) { $0 + $1.count }
    }

    /// What comes before the current part's bytes.
    var head: ByteBuffer { ByteBuffer(string: headText(of: current)) }
    /// What comes after the last part's.
    var end: ByteBuffer { ByteBuffer(string: endText) }
    var range: ByteRange { ranges[current] }

    /// - Returns: false after the last part.
    mutating func advance() -> Bool {
        guard current + 1 < ranges.count else { return false }
        current += 1
        return true
    }

    private var endText: String { "\r\n--\(boundary)--\r\n" }

    private func headText(of part: Int) -> String {
        let range = ranges[part]
        return "\(part == 0 ? "" : "\r\n")--\(boundary)\r\n" + (contentType.map { "Content-Type: \($0)\r\n" } ?? "")
            + "Content-Range: bytes \(range.lowerBound)-\(range.upperBound - 1)/\(length)\r\n\r\n"
    }
}
