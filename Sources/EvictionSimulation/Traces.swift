import Glibc

/// One read: a piece and its length in bytes.
package struct Access: Sendable {
    package var piece: Int
    package var bytes: Int
}

/// The reads of one kind of day, made from a seed, so that each run sees the same.
package struct Trace: Sendable {
    package let name: String
    package let accesses: [Access]

    /// Bytes of all different pieces.
    package let footprint: Int

    init(_ name: String, _ accesses: [Access]) {
        self.name = name
        self.accesses = accesses
        var sizes: [Int: Int] = [:]
        for access in accesses { sizes[access.piece] = access.bytes }
        footprint = sizes.values.reduce(0, +)
    }

    package static let all = [zipf(), scanned(), containers()]

    /// Objects of 1 to 64 pieces, asked for by Zipf's law: a model hub or a file server in a steady state.
    static func zipf() -> Trace {
        var random = Random(seed: 1)
        return Trace("zipf", zipfReads(count: 600_000, &random))
    }

    /// The same in small: pieces of 64 KiB, so that it can be played against a real store.
    package static func small() -> Trace {
        var random = Random(seed: 3)
        let reads = zipfReads(count: 2_000, objects: 120, sizes: 5, &random)
        return Trace("small zipf", reads.map { Access(piece: $0.piece, bytes: 64 << 10) })
    }

    /// The same, with a scan of one large object, never read again, after every 2,000 reads: a backup, a crawl, a dry
    /// run.
    static func scanned() -> Trace {
        var random = Random(seed: 1)
        var result: [Access] = []
        var cold = 1 << 40
        for (number, access) in zipfReads(count: 400_000, &random).enumerated() {
            result.append(access)
            guard number % 2_000 == 1_999 else { continue }
            for _ in 0..<1_500 {
                result.append(Access(piece: cold, bytes: 4 << 20))
                cold += 1
            }
        }
        return Trace("scan-polluted", result)
    }

    /// Nodes pull images. An image has base layers that many images share and layers of its own that change with each
    /// release; a release is pulled by many nodes within a short time and hardly ever again.
    static func containers() -> Trace {
        var random = Random(seed: 2)
        let images = Zipf(count: 300, exponent: 0.8)
        let bases = Zipf(count: 40, exponent: 1.0)
        let baseOf = (0..<300).map { _ in (0..<3).map { _ in bases.next(&random) } }
        var releases = [Int](repeating: 0, count: 300)
        var running: [(image: Int, release: Int, pulls: Int)] = []
        var result: [Access] = []
        while result.count < 600_000 {
            if running.count < 6 {
                let image = images.next(&random)
                if random.below(3) == 0 { releases[image] += 1 }
                running.append((image, releases[image], 1 + random.below(40)))
            }
            let chosen = random.below(running.count)
            let pull = running[chosen]
            // A node has some of the base layers already.
            for base in baseOf[pull.image] where random.below(4) == 0 {
                result += layer(id: base, pieces: 4 + base % 40)
            }
            for own in 0..<3 {
                let id = 1_000 + (pull.image * 1_000 + pull.release) * 4 + own
                result += layer(id: id, pieces: 1 + (pull.image * 7 + own * 13) % 30)
            }
            running[chosen].pulls -= 1
            if running[chosen].pulls == 0 { running.remove(at: chosen) }
        }
        return Trace("container layers", result)
    }

    private static func layer(id: Int, pieces: Int) -> [Access] {
        (0..<pieces).map { Access(piece: id << 12 | $0, bytes: 4 << 20) }
    }

    /// A piece is named by its object, times 4096, and its number. Half of the reads are of one piece, half of up to eight in a row.
    private static func zipfReads(
        count: Int, objects number: Int = 12_000, sizes: Int = 7, _ random: inout Random
    ) -> [Access] {
        let objects = Zipf(count: number, exponent: 0.9)
        // Popularity and length are independent.
        let lengths = (0..<number).map { _ in 1 << random.below(sizes) }
        var result: [Access] = []
        while result.count < count {
            let object = objects.next(&random)
            let pieces = lengths[object]
            let first = random.below(pieces)
            let run = random.below(2) == 0 ? 1 : min(8, pieces - first)
            for piece in first..<first + run {
                result.append(Access(piece: object << 12 | piece, bytes: pieces > 16 ? 16 << 20 : 4 << 20))
            }
        }
        return result
    }
}

/// xorshift64*: small, and the same numbers everywhere.
package struct Random: Sendable {
    private var state: UInt64

    package init(seed: UInt64) { state = seed &* 0x9E37_79B9_7F4A_7C15 | 1 }

    package mutating func next() -> UInt64 {
        state ^= state >> 12
        state ^= state << 25
        state ^= state >> 27
        return state &* 0x2545_F491_4F6C_DD1D
    }

    package mutating func below(_ limit: Int) -> Int { Int(next() >> 33) % limit }

    /// In `0..<1`.
    package mutating func fraction() -> Double { Double(next() >> 11) / Double(1 << 53) }
}

/// Numbers of which the n-th is drawn in proportion to 1 / (n + 1)^exponent.
package struct Zipf: Sendable {
    private let sums: [Double]

    package init(count: Int, exponent: Double) {
        var sum = 0.0
        var sums: [Double] = []
        for rank in 1...count {
            sum += 1 / pow(Double(rank), exponent)
            sums.append(sum)
        }
        self.sums = sums.map { $0 / sum }
    }

    package func next(_ random: inout Random) -> Int {
        let wanted = random.fraction()
        var (low, high) = (0, sums.count - 1)
        while low < high {
            let middle = (low + high) / 2
            if sums[middle] < wanted { low = middle + 1 } else { high = middle }
        }
        return low
    }

}
