/// Memory that `Bytes` and `ByteBuilder` share: one allocation with its capacity in front.
final class ByteStorage: ManagedBuffer<Int, UInt8> {
    static func allocate(capacity: Int) -> ByteStorage {
        let storage = ByteStorage.create(minimumCapacity: capacity) { _ in capacity }
        return unsafeDowncast(storage, to: ByteStorage.self)
    }

    var count: Int { header }

    /// The memory; valid as long as the storage is referenced.
    var base: UnsafeMutableRawPointer { UnsafeMutableRawPointer(withUnsafeMutablePointerToElements { $0 }) }
}
