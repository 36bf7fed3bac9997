import SeedSupport
import SeedTestSupport

@testable import HTTPServer

/// What must hold of the request reader whatever bytes it is given. `RequestFuzzTests` gives it generated ones,
/// `scripts/fuzz` those that libFuzzer finds.
///
/// Each check says what is wrong, or nil.
enum RequestCheck {
    /// Cuts change nothing, and every refusal is one of the table.
    static func requests(_ bytes: [UInt8], _ random: inout Seeded) -> String? {
        let whole = ReadRequests(bytes)
        let cut = ReadRequests(bytes, cuts: &random)
        if whole != cut { return "\(whole) became \(cut)" }
        guard let status = whole.refusal else { return nil }
        return [400, 414, 431, 501, 505].contains(status) ? nil : "a refusal by \(status)"
    }

    /// `Host`.
    static func host(_ bytes: [UInt8]) {
        bytes.withUnsafeBytes { _ = HostText.isValid($0) }
    }
}

/// What a reader makes of some bytes.
struct ReadRequests: Equatable {
    var heads: [String] = []
    var body: [UInt8] = []
    var ends = 0
    /// The status of the error that was the end.
    var refusal: Int?
    private var memory = HeadMemory()

    static func == (a: Self, b: Self) -> Bool {
        (a.heads, a.body, a.ends, a.refusal) == (b.heads, b.body, b.ends, b.refusal)
    }

    /// - Parameter cuts: where the bytes are cut into pieces of 1 to 40; nil for all at once.
    init(_ bytes: [UInt8], cuts: inout Seeded) {
        var reader = RequestReader()
        var start = 0
        while start < bytes.count {
            let end = min(bytes.count, start + 1 + cuts.below(40))
            take(bytes[start..<end], &reader)
            start = end
        }
    }

    init(_ bytes: [UInt8]) {
        var reader = RequestReader()
        take(bytes[...], &reader)
    }

    private mutating func take(_ bytes: ArraySlice<UInt8>, _ reader: inout RequestReader) {
        Array(bytes).withUnsafeBytes { reader.receive($0) }
        while let part = reader.next(&memory) {
            switch part {
            case .head(let head): heads.append("\(head.methodText) \(head.target)")
            case .body(let bytes): body += bytes
            case .end: ends += 1
            case .malformed(let error): refusal = error.status
            }
        }
    }
}
