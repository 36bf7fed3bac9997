import Foundation
import HTTPSemantics
import SeedEngineTestSupport
import SeedOrigin

/// An object as an origin has it.
struct TestObject {
    let bytes: [UInt8]
    let etag = "\"one\""
    /// Sent with every response.
    let extra: HTTPFields

    init(count: Int, extra: HTTPFields = [:]) {
        bytes = Self.noise(count)
        self.extra = extra
    }

    /// The same bytes for the same count.
    static func noise(_ count: Int) -> [UInt8] {
        [UInt8](unsafeUninitializedCapacity: count + 8) { buffer, filled in
            var state: UInt64 = 88_172_645_463_325_252
            for offset in stride(from: 0, to: count, by: 8) {
                state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
                UnsafeMutableRawBufferPointer(buffer).storeBytes(of: state, toByteOffset: offset, as: UInt64.self)
            }
            filled = count
        }
    }

    /// Whether `other` are exactly the object's bytes; quicker than `==` where nothing is optimised.
    func matches(_ other: [UInt8]) -> Bool {
        bytes.withUnsafeBytes { a in
            other.withUnsafeBytes { b in
                guard a.count == b.count, let a = a.baseAddress, let b = b.baseAddress else { return false }
                return memcmp(a, b, bytes.count) == 0
            }
        }
    }

    /// The fields of a 206 for the range that `transfer` asks for.
    func fields(for range: ByteRange) -> HTTPFields {
        var fields: HTTPFields = [
            .eTag: etag, .contentType: "application/x-test", .acceptRanges: "bytes",
            .contentLength: "\(range.count)",
            .contentRange: "bytes \(range.lowerBound)-\(range.upperBound - 1)/\(bytes.count)",
        ]
        fields.append(contentsOf: extra)
        return fields
    }

    /// Answers one origin request in full, as a server with ranges does.
    func respond(_ transfer: FakeTransfer) {
        guard let range = range(of: transfer) else {
            transfer.head(416, [.contentRange: "bytes */\(bytes.count)", .contentLength: "0"])
            return transfer.end()
        }
        guard case .accept(limit: let limit) = transfer.head(206, fields(for: range)) else {
            return transfer.end(.rejected)
        }
        let count = min(Int(range.count), limit.map { Int($0) } ?? .max)
        let lower = Int(range.lowerBound)
        for start in stride(from: lower, to: lower + count, by: 65_536) {
            guard transfer.deliver(Array(bytes[start..<min(start + 65_536, lower + count)])) else { return }
        }
        transfer.end()
    }

    func range(of transfer: FakeTransfer) -> ByteRange? {
        transfer.request.range?.resolve(length: Int64(bytes.count))
    }
}
