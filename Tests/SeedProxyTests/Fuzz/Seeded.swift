import Foundation

/// A generator that gives the same numbers for the same seed, so that a failure can be repeated.
struct Seeded: RandomNumberGenerator {
    private var state: UInt64

    init(_ seed: UInt64) {
        state = seed &* 0x9e37_79b9_7f4a_7c15 | 1
    }

    mutating func next() -> UInt64 {
        // SplitMix64.
        state &+= 0x9e37_79b9_7f4a_7c15
        var z = state
        z = (z ^ (z >> 30)) &* 0xbf58_476d_1ce4_e5b9
        z = (z ^ (z >> 27)) &* 0x94d0_49bb_1331_11eb
        return z ^ (z >> 31)
    }

    mutating func pick<T>(_ choices: [T]) -> T {
        choices[Int.random(in: 0..<choices.count, using: &self)]
    }

    mutating func chance(_ one: Int, in many: Int) -> Bool {
        Int.random(in: 0..<many, using: &self) < one
    }

    /// How many inputs each campaign tries: a few thousand, or a million in soak.
    static let inputs = ProcessInfo.processInfo.environment["SEED_SOAK"] == nil ? 3000 : 1_000_000
}

/// Spoils bytes the way attackers and broken programs do.
enum Mutation {
    private static let pieces = [
        "\r\n", "\n", "\r", "\0", " ", "\t", ":", ",", "\"", "\\", "chunked", "Content-Length: 5\r\n", "%00",
        "HTTP/1.1",
        "Transfer-Encoding: chunked\r\n", "0\r\n\r\n", "bytes=0-", "99999999999999999999", "-1", ";", "=", "{", "[",
        "'",
        "\u{ff}", "W/", "*", "/",
    ].map { Array($0.utf8) }

    static func apply(to bytes: inout [UInt8], _ random: inout Seeded) {
        for _ in 0..<Int.random(in: 1...3, using: &random) {
            let place = Int.random(in: 0...bytes.count, using: &random)
            switch Int.random(in: 0..<5, using: &random) {
            case 0: bytes.insert(contentsOf: random.pick(pieces), at: place)
            case 1 where place < bytes.count: bytes[place] = UInt8.random(in: .min ... .max, using: &random)
            case 2 where place < bytes.count: bytes.remove(at: place)
            case 3: bytes.removeSubrange(place..<min(bytes.count, place + 7))
            default: bytes.insert(contentsOf: bytes[place..<min(bytes.count, place + 20)], at: place)
            }
        }
    }
}
