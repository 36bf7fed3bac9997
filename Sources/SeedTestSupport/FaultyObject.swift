import Foundation
package import HTTPSemantics

/// An object whose bytes are computed from their offsets, so that 20 GiB of it need no memory: every 4 KiB begin with
/// their own offset in the object, and every 64 bytes hold it again, mixed with the seed. The rest is noise of the seed.
/// A misplaced, repeated or foreign stretch of bytes shows.
package struct FaultyObject: Sendable, Hashable {
    package var length: Int64
    /// Two objects of different seeds have different bytes everywhere but in the first words of their pages.
    package let seed: UInt64
    /// With its quotes, weak with `W/`.
    package var etag: String?
    /// When the object was last changed, in seconds since 1970. Nil: no `Last-Modified`.
    package var modified: Int64?
    /// Further fields of every response that carries bytes of it, such as `Cache-Control`.
    package var fields: HTTPFields
    private let noise: [UInt8]

    /// - Parameter age: how many seconds ago the object was last changed.
    package init(
        length: Int64, seed: UInt64 = 1, etag: String? = "\"v1\"", age: Int? = nil, fields: HTTPFields = [:]
    ) {
        self.length = length
        self.seed = seed
        self.etag = etag
        modified = age.map { Int64(Date().timeIntervalSince1970) - Int64($0) }
        self.fields = fields
        var state = Self.mix(seed)
        noise = (0..<Int(Self.page / 8)).flatMap { _ in
            state = Self.mix(state)
            return withUnsafeBytes(of: state) { Array($0) }
        }
    }

    /// Those bytes of the object; what lies beyond its end goes on as if it were longer.
    package func bytes(_ range: Range<Int64>) -> [UInt8] {
        [UInt8](unsafeUninitializedCapacity: range.count) { buffer, count in
            count = range.count
            var page = range.lowerBound / Self.page * Self.page
            withUnsafeTemporaryAllocation(byteCount: Int(Self.page), alignment: 8) { scratch in
                while page < range.upperBound {
                    fill(scratch, with: page)
                    let part = range.clamped(to: page..<page + Self.page)
                    let source = UnsafeRawBufferPointer(
                        rebasing: scratch[Int(part.lowerBound - page)..<Int(part.upperBound - page)])
                    memcpy(
                        buffer.baseAddress! + Int(part.lowerBound - range.lowerBound), source.baseAddress!, source.count
                    )
                    page += Self.page
                }
            }
        }
    }

    /// Where `bytes`, which should be those from `offset` on, first differ from the object; nil if nowhere.
    package func firstDifference(in bytes: [UInt8], at offset: Int64) -> Int64? {
        let expected = self.bytes(offset..<offset + Int64(bytes.count))
        guard expected != bytes else { return nil }
        return zip(expected, bytes).enumerated().first { $1.0 != $1.1 }.map { offset + Int64($0.offset) }
    }

    private func fill(_ buffer: UnsafeMutableRawBufferPointer, with page: Int64) {
        noise.withUnsafeBytes { buffer.copyMemory(from: $0) }
        for place in stride(from: 0, to: Int(Self.page), by: 64) {
            let word = Self.mix(UInt64(page + Int64(place)) ^ seed)
            buffer.storeBytes(of: word, toByteOffset: place, as: UInt64.self)
        }
        buffer.storeBytes(of: page.bigEndian, as: Int64.self)
    }

    private static let page: Int64 = 4096

    private static func mix(_ value: UInt64) -> UInt64 {
        var word = value &+ 0x9e37_79b9_7f4a_7c15
        word = (word ^ word >> 30) &* 0xbf58_476d_1ce4_e5b9
        word = (word ^ word >> 27) &* 0x94d0_49bb_1331_11eb
        return word ^ word >> 31
    }
}
