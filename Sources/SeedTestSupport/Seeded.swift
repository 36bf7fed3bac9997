import Foundation

/// A generator that gives the same numbers for the same seed, so that a failure can be repeated.
package struct Seeded: RandomNumberGenerator {
    private var state: UInt64

    package init(_ seed: UInt64) {
        state = seed &* 0x9e37_79b9_7f4a_7c15 | 1
    }

    package mutating func next() -> UInt64 {
        // SplitMix64.
        state &+= 0x9e37_79b9_7f4a_7c15
        var z = state
        z = (z ^ (z >> 30)) &* 0xbf58_476d_1ce4_e5b9
        z = (z ^ (z >> 27)) &* 0x94d0_49bb_1331_11eb
        return z ^ (z >> 31)
    }

    /// 0 up to `bound`, which is below 2³². Cheaper than `Int.random` where nothing is optimised.
    package mutating func below(_ bound: Int) -> Int {
        Int(truncatingIfNeeded: ((next() >> 32) &* UInt64(truncatingIfNeeded: bound)) >> 32)
    }

    package mutating func pick<T>(_ choices: [T]) -> T {
        choices[below(choices.count)]
    }

    package mutating func chance(_ one: Int, in many: Int) -> Bool {
        below(many) < one
    }

    /// The parts of each campaign.
    package static let parts = 0..<4

    package static func seed(_ campaign: UInt64, _ part: Int) -> UInt64 {
        campaign << 32 | UInt64(part)
    }

    /// How many inputs each part of a campaign tries: the long parts of nine campaigns together try 1,800,000.
    package static let inputs = isSoak ? 50_000 : 750

    /// Spoils the examples, most of the time, and has them checked.
    /// - Returns: the first input that something is wrong with, and what; nil: there is none.
    package static func complaint(
        _ campaign: UInt64, _ part: Int, from examples: [[UInt8]],
        _ check: (_ bytes: [UInt8], _ random: inout Seeded) -> String?
    ) -> String? {
        var random = Seeded(seed(campaign, part))
        for _ in 0..<inputs {
            var bytes = random.pick(examples)
            if !random.chance(1, in: 10) { Mutation.apply(to: &bytes, &random) }
            if let wrong = check(bytes, &random) { return complaint(bytes, wrong) }
        }
        return nil
    }

    package static func complaint(_ bytes: [UInt8], _ wrong: String) -> String {
        "\(String(decoding: bytes, as: UTF8.self).debugDescription): \(wrong)"
    }

    /// Range fields to begin with.
    package static let ranges = [
        "bytes=0-1", "bytes=-5,1-", "bytes=0-0,2-9, -1,,7-", "bytes=9223372036854775807-", "items=1-2",
    ].map { Array($0.utf8) }

    package static let isSoak = ProcessInfo.processInfo.environment["SEED_SOAK"] != nil
}

/// Spoils bytes the way attackers and broken programs do.
package enum Mutation {
    private static let pieces = [
        "\r\n", "\n", "\r", "\0", " ", "\t", ":", ",", "\"", "\\", "chunked", "Content-Length: 5\r\n", "%00",
        "HTTP/1.1",
        "Transfer-Encoding: chunked\r\n", "0\r\n\r\n", "bytes=0-", "99999999999999999999", "-1", ";", "=", "{", "[",
        "'",
        "\u{ff}", "W/", "*", "/",
    ].map { Array($0.utf8) }

    package static func apply(to bytes: inout [UInt8], _ random: inout Seeded) {
        for _ in 0..<1 + random.below(3) {
            let place = random.below(bytes.count + 1)
            switch random.below(5) {
            case 0: bytes.insert(contentsOf: random.pick(pieces), at: place)
            case 1 where place < bytes.count: bytes[place] = UInt8(random.below(256))
            case 2 where place < bytes.count: bytes.remove(at: place)
            case 3: bytes.removeSubrange(place..<min(bytes.count, place + 7))
            default: bytes.insert(contentsOf: bytes[place..<min(bytes.count, place + 20)], at: place)
            }
        }
    }
}
