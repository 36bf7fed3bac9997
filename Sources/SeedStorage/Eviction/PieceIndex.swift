import DragonflyIdentity

/// Finds an entry's number by its piece's name: open addressing over numbers only, since the entries hold the names.
/// A dictionary of names would cost more than the entries themselves.
struct PieceIndex: Sendable {
    private static let empty = UInt32.max

    private var places: [UInt32]
    private(set) var count = 0

    init() { places = [UInt32](repeating: Self.empty, count: 16) }

    /// Bytes of memory.
    var memory: Int { places.count * 4 }

    /// - Parameter name: the name of an entry.
    func find(_ wanted: PieceName, _ name: (UInt32) -> PieceName) -> UInt32? {
        var place = home(wanted)
        while places[place] != Self.empty {
            if name(places[place]) == wanted { return places[place] }
            place = next(place)
        }
        return nil
    }

    /// Adds an entry that is not in the index.
    mutating func add(_ entry: UInt32, _ name: (UInt32) -> PieceName) {
        if (count + 1) * 4 > places.count * 3 { grow(name) }
        put(entry, at: home(name(entry)))
        count += 1
    }

    mutating func remove(_ entry: UInt32, _ name: (UInt32) -> PieceName) {
        var hole = home(name(entry))
        while places[hole] != entry {
            if places[hole] == Self.empty { return }
            hole = next(hole)
        }
        count -= 1
        // Entries that collided past the hole move up, or they would not be found any more.
        var place = next(hole)
        while places[place] != Self.empty {
            let distance = (place &- home(name(places[place]))) & (places.count - 1)
            if distance >= (place &- hole) & (places.count - 1) {
                places[hole] = places[place]
                hole = place
            }
            place = next(place)
        }
        places[hole] = Self.empty
    }

    private mutating func grow(_ name: (UInt32) -> PieceName) {
        let old = places
        places = [UInt32](repeating: Self.empty, count: old.count * 2)
        for entry in old where entry != Self.empty { put(entry, at: home(name(entry))) }
    }

    private mutating func put(_ entry: UInt32, at home: Int) {
        var place = home
        while places[place] != Self.empty { place = next(place) }
        places[place] = entry
    }

    private func next(_ place: Int) -> Int { (place + 1) & (places.count - 1) }

    /// Store keys are hashes already: a word of one, mixed with the piece number, is as good as any hash.
    private func home(_ name: PieceName) -> Int {
        let word = name.file.key.withUnsafeBytes { $0.loadUnaligned(fromByteOffset: 8, as: UInt64.self) }
        let mixed =
            (word ^ UInt64(truncatingIfNeeded: name.number) &* 0x9E37_79B9_7F4A_7C15 ^ name.file.generation)
            &* 0xD6E8_FEB8_6659_FD93
        return Int(truncatingIfNeeded: mixed >> 32) & (places.count - 1)
    }
}
