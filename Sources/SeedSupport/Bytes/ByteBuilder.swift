/// A growable buffer that is written once and then becomes `Bytes` without a copy.
///
/// Its memory is reused if it is unshared; memory that a `Bytes` still references is copied, never written.
package struct ByteBuilder: @unchecked Sendable {
    // Unchecked: memory is written only while this value is its one owner (`isKnownUniquelyReferenced`).
    private var storage: ByteStorage?
    /// Of the storage; nil without one. Here, as is its size, because it is needed for each append.
    private var base: UnsafeMutableRawPointer?
    package private(set) var capacity = 0
    package private(set) var count = 0

    /// - Parameter capacity: bytes to allocate now.
    package init(capacity: Int = 0) {
        if capacity > 0 { take(.allocate(capacity: capacity)) }
    }

    package init(_ text: String) {
        self.init(capacity: text.utf8.count)
        append(text)
    }

    package var isEmpty: Bool { count == 0 }

    /// Bytes that can be appended without growing.
    package var spareCapacity: Int { capacity - count }

    /// What was written, sharing the memory. The next write copies it if the returned bytes are still there.
    package var bytes: Bytes { slice(at: 0, count: count) }

    /// A part of what was written, sharing the memory.
    /// - Precondition: both lie within what was written.
    package func slice(at offset: Int, count: Int) -> Bytes {
        precondition(offset >= 0 && count >= 0 && offset <= self.count - count, "a slice lies within its bytes")
        guard let storage, count > 0 else { return Bytes() }
        return Bytes(storage, start: offset, count: count)
    }

    /// Returns what was written and leaves the builder empty, without memory.
    package mutating func take() -> Bytes {
        defer { self = ByteBuilder() }
        return bytes
    }

    /// Empties it. The memory is kept if it is unshared.
    package mutating func removeAll() {
        count = 0
        if storage != nil, !isKnownUniquelyReferenced(&storage) { self = ByteBuilder() }
    }

    /// Drops everything behind the first `length` bytes.
    /// - Precondition: no more than were written.
    package mutating func truncate(to length: Int) {
        precondition(0...count ~= length, "only what was written can be dropped")
        count = length
    }

    /// Makes room for `more` further bytes in memory of its own.
    package mutating func reserve(_ more: Int) {
        if capacity - count >= more, storage == nil || isKnownUniquelyReferenced(&storage) { return }
        grow(by: more)
    }

    private mutating func grow(by more: Int) {
        let isOwn = storage == nil || isKnownUniquelyReferenced(&storage)
        let fresh = ByteStorage.allocate(
            capacity: isOwn ? max(count + more, 2 * capacity) : max(count + more, capacity))
        withUnsafeBytes { if let base = $0.baseAddress { fresh.base.copyMemory(from: base, byteCount: $0.count) } }
        take(fresh)
    }

    private mutating func take(_ fresh: ByteStorage) {
        storage = fresh
        base = fresh.base
        capacity = fresh.count
    }

    /// Appends what `fill` writes into at least `minimum` bytes of room.
    /// - Parameter fill: gets the room, and returns how many bytes, from its front, it wrote.
    package mutating func append<E: Error>(
        minimum: Int, _ fill: (UnsafeMutableRawBufferPointer) throws(E) -> Int
    ) throws(E) {
        reserve(minimum)
        guard let base else { return }
        let written = try fill(UnsafeMutableRawBufferPointer(start: base + count, count: spareCapacity))
        precondition(0...spareCapacity ~= written, "more bytes than there was room for")
        count += written
    }

    package mutating func append(_ bytes: UnsafeRawBufferPointer) {
        reserve(bytes.count)
        guard let base, let source = bytes.baseAddress else { return }
        (base + count).copyMemory(from: source, byteCount: bytes.count)
        count += bytes.count
    }

    package mutating func append(_ bytes: Bytes) {
        bytes.withUnsafeBytes { append($0) }
    }

    package mutating func append(_ text: String) {
        var text = text
        text.withUTF8 { append(UnsafeRawBufferPointer($0)) }
    }

    package mutating func append(_ text: StaticString) {
        append(UnsafeRawBufferPointer(start: text.utf8Start, count: text.utf8CodeUnitCount))
    }

    package mutating func append(_ bytes: some Collection<UInt8>) {
        append(minimum: bytes.count) { room in
            room.copyBytes(from: bytes)
            return bytes.count
        }
    }

    package mutating func append(_ byte: UInt8) {
        append(minimum: 1) { room in
            room[0] = byte
            return 1
        }
    }

    /// Lends what was written. The pointer is valid during the call only.
    package func withUnsafeBytes<R, E: Error>(_ body: (UnsafeRawBufferPointer) throws(E) -> R) throws(E) -> R {
        defer { withExtendedLifetime(storage) {} }
        return try body(UnsafeRawBufferPointer(start: base, count: count))
    }
}
