/// Which blocks are worth memory: those that are read again after a while. So a walk over everything gets nothing in.
///
/// A table of fixed size in which each block has one place; who comes later takes it.
struct Doorkeeper: Sendable {
    /// Milliseconds within which several reads are one: a client takes a block range by range.
    static let correlation: UInt32 = 2_000

    private struct Place {
        var mark: UInt32 = 0
        var readAt: UInt32 = 0
    }

    private var places: [Place]

    /// - Parameter blocks: so many blocks are remembered, rounded up to a power of two.
    init(blocks: Int) {
        var count = 1_024
        while count < blocks { count *= 2 }
        places = [Place](repeating: Place(), count: count)
    }

    /// Notes a read; true when it is one of several that lie apart.
    /// - Parameters:
    ///   - hash: of the block's name.
    ///   - now: in milliseconds, from any start; it may wrap around.
    mutating func admits(_ hash: UInt64, now: UInt32) -> Bool {
        let place = Int(truncatingIfNeeded: hash) & (places.count - 1)
        let mark = UInt32(truncatingIfNeeded: hash >> 32) | 1
        guard places[place].mark == mark else {
            places[place] = Place(mark: mark, readAt: now)
            return false
        }
        guard now &- places[place].readAt >= Self.correlation else { return false }
        // Said once for the reads that lie together: the block is on its way, or there was no time for it.
        places[place].readAt = now
        return true
    }
}
