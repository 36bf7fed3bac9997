/// The order in which pieces are evicted: segmented LRU.
///
/// A piece that was used once is on probation; used again, it is protected. Uses within half a minute are one: a client
/// that takes a piece range by range does not use it again and again. Victims are the longest unused on probation, so a
/// walk over objects that are never read again pushes out only its own kind. The protected segment has at most four
/// fifths of the bytes; what falls out of it gets another time on probation. How it compares is measured in
/// `benchmarks/Benchmarks/EvictionBenchmarks`.
///
/// 64 bytes an entry and 5 to 11 of the index. Beyond `limit` entries the coldest is forgotten.
package struct EvictionPolicy: Sendable {
    private static let none = UInt32.max
    private static let protectedPercent: Int64 = 80
    /// Seconds.
    private static let correlation: UInt32 = 30
    private static let protectedBit: UInt32 = 1 << 31

    private enum Segment: Int {
        case probation = 0
        case protected = 1
    }

    private struct Entry {
        var name: PieceName
        /// Its length in KiB, and in the highest bit, that it is protected: one field more would cost 32 bytes.
        var size: UInt32
        /// Towards the newest, towards the oldest.
        var newer: UInt32
        var older: UInt32
        /// When it was used and that counted, in seconds; 0 when it never was.
        var usedAt: UInt32

        var isProtected: Bool { size & EvictionPolicy.protectedBit != 0 }
        var kibibytes: Int64 { Int64(size & ~EvictionPolicy.protectedBit) }
    }

    private struct Ends {
        var newest = EvictionPolicy.none
        var oldest = EvictionPolicy.none
        var kibibytes: Int64 = 0
    }

    private var entries: [Entry] = []
    private var free: [UInt32] = []
    private var index = PieceIndex()
    private var segments = [Ends(), Ends()]
    private let limit: Int

    /// - Parameter limit: most pieces that are known at one time.
    package init(limit: Int) {
        self.limit = max(limit, 1)
    }

    /// Pieces that are known.
    package var count: Int { index.count }

    /// Bytes of memory.
    package var memory: Int { entries.capacity * MemoryLayout<Entry>.stride + index.memory + free.capacity * 4 }

    func contains(_ name: PieceName) -> Bool { find(name) != nil }

    // MARK: What happens to pieces

    /// A piece holds so many bytes now. That does not count as a use.
    /// - Returns: true when another piece was forgotten to make room.
    @discardableResult
    mutating func hold(_ name: PieceName, bytes: Int64) -> Bool {
        guard let entry = find(name) else { return insert(name, bytes, usedAt: 0) }
        let before = entries[Int(entry)]
        entries[Int(entry)].size = before.size & Self.protectedBit | Self.size(bytes)
        segments[segment(of: entry)].kibibytes += entries[Int(entry)].kibibytes - before.kibibytes
        return false
    }

    /// A client reads the piece.
    /// - Parameters:
    ///   - bytes: what it holds, if it is not known yet.
    ///   - second: the time, from any start but 0.
    /// - Returns: true when another piece was forgotten to make room.
    @discardableResult
    package mutating func use(_ name: PieceName, bytes: Int64, at second: UInt32) -> Bool {
        guard let entry = find(name) else { return insert(name, bytes, usedAt: second) }
        let last = entries[Int(entry)].usedAt
        let again = last > 0 && second >= last + Self.correlation
        if last == 0 || again { entries[Int(entry)].usedAt = second }
        move(entry, to: again || entries[Int(entry)].isProtected ? .protected : .probation)
        if again { keepProtectedSmall(except: entry) }
        return false
    }

    /// A piece of an earlier life that was not used in this one: it goes before all others.
    mutating func addColdest(_ name: PieceName, bytes: Int64) {
        guard count < limit, find(name) == nil else { return }
        _ = insert(name, bytes, usedAt: 0)
        guard let entry = find(name) else { return }
        unlink(entry)
        linkOldest(entry)
    }

    mutating func remove(_ name: PieceName) {
        if let entry = find(name) { discard(entry) }
    }

    /// Takes out the piece that goes next.
    package mutating func victim() -> (name: PieceName, bytes: Int64)? {
        let entry = segments[0].oldest != Self.none ? segments[0].oldest : segments[1].oldest
        guard entry != Self.none else { return nil }
        let found = entries[Int(entry)]
        discard(entry)
        return (found.name, found.kibibytes * 1024)
    }

    // MARK: Segments

    private static func size(_ bytes: Int64) -> UInt32 { UInt32(clamping: min((bytes + 1023) / 1024, 1 << 30)) }

    private mutating func insert(_ name: PieceName, _ bytes: Int64, usedAt: UInt32) -> Bool {
        let isFull = count >= limit
        if isFull { _ = victim() }
        let fresh = Entry(
            name: name, size: Self.size(bytes), newer: Self.none, older: Self.none, usedAt: usedAt)
        let entry = free.popLast() ?? UInt32(entries.count)
        if Int(entry) == entries.count { entries.append(fresh) } else { entries[Int(entry)] = fresh }
        link(entry)
        index.add(entry) { entries[Int($0)].name }
        return isFull
    }

    private mutating func keepProtectedSmall(except used: UInt32) {
        let all = segments[0].kibibytes + segments[1].kibibytes
        while segments[1].kibibytes * 100 > all * Self.protectedPercent, segments[1].oldest != used {
            move(segments[1].oldest, to: .probation)
        }
    }

    private mutating func discard(_ entry: UInt32) {
        index.remove(entry) { entries[Int($0)].name }
        unlink(entry)
        free.append(entry)
    }

    private func find(_ name: PieceName) -> UInt32? { index.find(name) { entries[Int($0)].name } }

    private func segment(of entry: UInt32) -> Int { entries[Int(entry)].isProtected ? 1 : 0 }

    private mutating func move(_ entry: UInt32, to segment: Segment) {
        if segments[segment.rawValue].newest == entry { return }
        unlink(entry)
        let size = entries[Int(entry)].size & ~Self.protectedBit
        entries[Int(entry)].size = segment == .protected ? size | Self.protectedBit : size
        link(entry)
    }

    // MARK: Links

    /// At the newest end.
    private mutating func link(_ entry: UInt32) {
        let segment = segment(of: entry)
        let next = segments[segment].newest
        entries[Int(entry)].newer = Self.none
        entries[Int(entry)].older = next
        if next == Self.none { segments[segment].oldest = entry } else { entries[Int(next)].newer = entry }
        segments[segment].newest = entry
        segments[segment].kibibytes += entries[Int(entry)].kibibytes
    }

    private mutating func linkOldest(_ entry: UInt32) {
        let segment = segment(of: entry)
        let next = segments[segment].oldest
        entries[Int(entry)].older = Self.none
        entries[Int(entry)].newer = next
        if next == Self.none { segments[segment].newest = entry } else { entries[Int(next)].older = entry }
        segments[segment].oldest = entry
        segments[segment].kibibytes += entries[Int(entry)].kibibytes
    }

    private mutating func unlink(_ entry: UInt32) {
        let (segment, newer, older) = (segment(of: entry), entries[Int(entry)].newer, entries[Int(entry)].older)
        if newer == Self.none { segments[segment].newest = older } else { entries[Int(newer)].older = older }
        if older == Self.none { segments[segment].oldest = newer } else { entries[Int(older)].newer = newer }
        segments[segment].kibibytes -= entries[Int(entry)].kibibytes
    }
}
