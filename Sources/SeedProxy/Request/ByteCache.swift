import Glibc

/// A bounded cache keyed by bytes, in two generations of which the older is dropped as a whole. Lookups don't allocate.
/// The hash is seeded against collision attacks; keys with equal hashes only replace each other.
struct ByteCache<Value> {
    private struct Entry {
        var key: [UInt8]
        var value: Value
    }

    /// Entries in each half.
    static var halfSize: Int { 1024 }
    /// Longer keys are not kept, so that the memory is bounded too.
    static var longestKey: Int { 4096 }

    /// The latest entry: a client that reads an object range by range asks for the same key, which saves the hash.
    private var latest: Entry?
    private var young: [Int: Entry] = [:]
    private var old: [Int: Entry] = [:]

    subscript(_ key: [UInt8]) -> Value? {
        mutating get {
            if let latest, Self.isSame(latest.key, key) { return latest.value }
            let hash = Self.hash(key)
            if let entry = young[hash], Self.isSame(entry.key, key) {
                latest = entry
                return entry.value
            }
            guard let entry = old[hash], Self.isSame(entry.key, key) else { return nil }
            self[key] = entry.value
            return entry.value
        }
        set {
            guard key.count <= Self.longestKey else { return }
            latest = nil
            if young.count >= Self.halfSize { (old, young) = (young, [:]) }
            young[Self.hash(key)] = newValue.map { Entry(key: Array(key), value: $0) }
        }
    }

    /// Compares by machine words, which `==` doesn't.
    static func isSame(_ a: [UInt8], _ b: [UInt8]) -> Bool {
        guard a.count == b.count else { return false }
        return a.withUnsafeBytes { a in
            b.withUnsafeBytes { b in a.isEmpty || memcmp(a.baseAddress!, b.baseAddress!, a.count) == 0 }  // not empty
        }
    }

    private static func hash(_ key: [UInt8]) -> Int {
        var hasher = Hasher()
        key.withUnsafeBytes { hasher.combine(bytes: $0) }
        return hasher.finalize()
    }
}
