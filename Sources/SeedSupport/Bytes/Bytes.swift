/// An immutable slice of shared memory: copied, sliced and passed between threads without copying its bytes.
///
/// Positions count from the slice's own start.
package struct Bytes: @unchecked Sendable {
    // Unchecked: no reference to the storage can write to it while a `Bytes` holds it (see `ByteBuilder`).
    private let storage: ByteStorage?
    private let start: Int
    package let count: Int

    /// No bytes, no memory.
    package init() {
        storage = nil
        start = 0
        count = 0
    }

    init(_ storage: ByteStorage, start: Int, count: Int) {
        self.storage = storage
        self.start = start
        self.count = count
    }

    /// Copies `bytes`.
    package init(copying bytes: UnsafeRawBufferPointer) {
        self.init(unsafeUninitializedCapacity: bytes.count) { target in
            target.copyMemory(from: bytes)
            return bytes.count
        }
    }

    package init(_ bytes: some Collection<UInt8>) {
        self.init(unsafeUninitializedCapacity: bytes.count) { target in
            target.copyBytes(from: bytes)
            return bytes.count
        }
    }

    /// The text's UTF-8.
    package init(_ text: String) {
        var text = text
        self = text.withUTF8 { Bytes(copying: UnsafeRawBufferPointer($0)) }
    }

    /// Memory that `fill` writes into.
    /// - Parameter fill: gets `capacity` bytes, and returns how many of them, from the front, it wrote.
    package init<E: Error>(
        unsafeUninitializedCapacity capacity: Int, _ fill: (UnsafeMutableRawBufferPointer) throws(E) -> Int
    ) throws(E) {
        guard capacity > 0 else {
            self.init()
            return
        }
        let storage = ByteStorage.allocate(capacity: capacity)
        let count = try fill(UnsafeMutableRawBufferPointer(start: storage.base, count: capacity))
        precondition(0...capacity ~= count, "more bytes than there is room for")
        self.init(storage, start: 0, count: count)
    }

    /// Lends the bytes. The pointer is valid during the call only.
    package func withUnsafeBytes<R, E: Error>(_ body: (UnsafeRawBufferPointer) throws(E) -> R) throws(E) -> R {
        defer { withExtendedLifetime(storage) {} }
        return try body(unowned)
    }

    /// The bytes, without a reference: valid only while this value, or another slice of the same memory, is kept.
    /// For scatter lists that outlive a closure's scope.
    package var unowned: UnsafeRawBufferPointer {
        UnsafeRawBufferPointer(start: storage.map { UnsafeRawPointer($0.base + start) }, count: count)
    }

    /// The `count` bytes from `offset`, without copying.
    /// - Precondition: both lie within the slice.
    package func slice(at offset: Int, count: Int) -> Bytes {
        precondition(offset >= 0 && count >= 0 && offset <= self.count - count, "a slice lies within its bytes")
        guard let storage, count > 0 else { return Bytes() }
        return Bytes(storage, start: start + offset, count: count)
    }

    /// All but the first `offset` bytes, without copying.
    package func suffix(from offset: Int) -> Bytes { slice(at: offset, count: count - offset) }
}

extension Bytes: RandomAccessCollection {
    package var startIndex: Int { 0 }
    package var endIndex: Int { count }

    package subscript(_ position: Int) -> UInt8 {
        precondition(position >= 0 && position < count, "a position lies within its bytes")
        return withUnsafeBytes { $0[position] }
    }

    package func withContiguousStorageIfAvailable<R>(_ body: (UnsafeBufferPointer<UInt8>) throws -> R) rethrows -> R? {
        try withUnsafeBytes { try body($0.assumingMemoryBound(to: UInt8.self)) }
    }
}

extension Bytes: Hashable {
    package static func == (left: Bytes, right: Bytes) -> Bool {
        guard left.count == right.count else { return false }
        return left.withUnsafeBytes { left in right.withUnsafeBytes { left.elementsEqual($0) } }
    }

    package func hash(into hasher: inout Hasher) {
        hasher.combine(count)
        withUnsafeBytes { hasher.combine(bytes: $0) }
    }
}

extension Bytes: CustomStringConvertible {
    /// The bytes as UTF-8; what isn't UTF-8 is replaced.
    package var description: String { String(decoding: self, as: UTF8.self) }
}
