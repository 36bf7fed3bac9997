/// How much of the volume the store may fill, and when it makes room (`gc.policy`).
package struct SpaceLimits: Sendable, Equatable {
    /// `gc.policy.diskThreshold`: most bytes of content and records; nil leaves it to the volume.
    package var capacity: Int64?
    /// `gc.policy.diskHighThresholdPercent`: above this part of the capacity, or of the volume, pieces are evicted.
    package var highPercent: Int
    /// `gc.policy.diskLowThresholdPercent`: down to this part. Below `highPercent`.
    package var lowPercent: Int
    /// Bytes of the volume that are never filled: room for the index, for deletes and for other programs. At most a
    /// twentieth of the volume.
    package var headroom: Int64

    package init(capacity: Int64? = nil, highPercent: Int = 95, lowPercent: Int = 90, headroom: Int64 = 1 << 30) {
        self.capacity = capacity
        self.highPercent = highPercent
        self.lowPercent = lowPercent
        self.headroom = headroom
    }
}

/// What the store's content takes, what was promised of the rest, and how much must go. Pure logic, no I/O.
struct SpaceAccount: Sendable {
    /// What the volume says of itself, in bytes.
    struct Volume: Sendable, Equatable {
        var total: Int64
        var free: Int64
    }

    private let limits: SpaceLimits
    /// Updated by what was written and freed between two looks at the volume.
    private(set) var volume: Volume
    /// Bytes of all content files.
    private(set) var used: Int64
    /// Bytes of the records of tasks and aliases: heads and URLs, which origins and clients may make long.
    private(set) var records: Int64 = 0
    /// Promised to flights and not yet written.
    private(set) var reserved: Int64 = 0
    /// Taken out of their block maps and about to be punched.
    private(set) var evicting: Int64 = 0
    /// All bytes written since the store was opened.
    private(set) var written: Int64 = 0
    /// The high mark was passed and the low one is not reached yet.
    private var isShrinking = false
    /// The longest reservation that was refused and would still be. Below the high mark nothing else makes room.
    private var refused: Int64 = 0

    init(_ limits: SpaceLimits, volume: Volume, used: Int64) {
        self.limits = limits
        self.volume = volume
        self.used = used
        look()
    }

    // MARK: Room

    /// Bytes that could be granted now.
    var available: Int64 { max(room, 0) }

    private var room: Int64 { min(roomInCapacity, roomOnVolume) - reserved }

    private var roomInCapacity: Int64 { limits.capacity.map { $0 - used - records } ?? .max }

    /// On a small volume, a headroom meant for large ones would leave no room at all.
    private var roomOnVolume: Int64 { volume.free - min(limits.headroom, max(volume.total / 20, 0)) }

    mutating func reserve(_ bytes: Int64) -> Bool {
        guard bytes >= 0, bytes <= available else {
            // Nothing is evicted for what could never be held.
            if bytes <= lowMark { refused = max(refused, bytes) }
            return false
        }
        reserved += bytes
        look()
        return true
    }

    mutating func release(_ bytes: Int64) {
        reserved = max(reserved - bytes, 0)
        look()
    }

    // MARK: Eviction

    /// Bytes to evict now: from the moment the high mark is passed until the low one is reached, and until what was
    /// refused would be granted; what is being evicted already is not counted twice.
    var excess: Int64 {
        let slack = roomOnVolume - reserved + evicting
        let missing = refused > 0 ? refused - room - evicting : 0
        return max(isShrinking ? taken - lowMark : 0, missing, -slack, 0)
    }

    /// After every change.
    private mutating func look() {
        if taken > highMark { isShrinking = true } else if taken <= lowMark { isShrinking = false }
        if room >= refused { refused = 0 }
    }

    private var taken: Int64 {
        (limits.capacity == nil ? volume.total - volume.free : used + records) + reserved - evicting
    }

    private var total: Int64 { limits.capacity ?? volume.total }

    /// A few percent of a small capacity would be less than what flights reserve while room is being made.
    private var highMark: Int64 { min(part(limits.highPercent), total - min(64 << 20, total / 8)) }

    private var lowMark: Int64 { min(part(limits.lowPercent), highMark - total / 50) }

    private func part(_ percent: Int) -> Int64 { total / 100 * Int64(percent) }

    mutating func beginEviction(of bytes: Int64) {
        evicting += bytes
        look()
    }

    // MARK: What happened to the files

    mutating func wrote(_ bytes: Int64) {
        used += bytes
        written += bytes
        volume.free -= bytes
        look()
    }

    /// - Parameter evicted: what `evicting` expected of this. In one step, or it would count twice.
    mutating func freed(_ bytes: Int64, evicted: Int64 = 0) {
        used = max(used - bytes, 0)
        volume.free += bytes
        evicting = max(evicting - evicted, 0)
        look()
    }

    /// The records were written.
    mutating func recorded(_ bytes: Int64) {
        records = bytes
        look()
    }

    /// A look at the volume.
    mutating func refresh(_ volume: Volume) {
        self.volume = volume
        look()
    }

    /// The volume refused a write, so there is no room, whatever it said before.
    mutating func exhausted() {
        volume.free = min(volume.free, 0)
        look()
    }

    /// All files were measured one after another since `written` stood at `before`. What was written meanwhile may or
    /// may not be in the sum and is added: the next measurement corrects too much; too little would break the
    /// limit.
    mutating func measured(_ bytes: Int64, since before: Int64) {
        used = bytes + (written - before)
        look()
    }
}
