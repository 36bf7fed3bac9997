import SeedSupport

/// Writes a stored record: a version byte, little-endian fields, and the CRC-32 of the table's key and all of it.
///
/// The key is in the CRC so that a record that ended up under another key reads as damaged.
struct RecordWriter {
    private(set) var bytes: [UInt8]

    init(version: UInt8, capacity: Int) {
        bytes = []
        bytes.reserveCapacity(capacity)
        bytes.append(version)
    }

    /// A part of a record: fields alone.
    init() { bytes = [] }

    mutating func put(_ value: some FixedWidthInteger) {
        withUnsafeBytes(of: value.littleEndian) { bytes.append(contentsOf: $0) }
    }

    mutating func put(_ time: Timestamp) { put(time.milliseconds) }

    mutating func put(_ set: BlockSet) {
        for word in 0..<4 { put(set.words[word]) }
    }

    mutating func put(_ text: String) { put(text.utf8) }

    /// Bytes after their number.
    mutating func put(_ run: some Collection<UInt8>) {
        put(UInt32(run.count))
        bytes.append(contentsOf: run)
    }

    mutating func put(_ value: UInt32?) {
        put(UInt8(value == nil ? 0 : 1))
        put(value ?? 0)
    }

    /// The record, closed by its CRC.
    consuming func seal(key: [UInt8]) -> [UInt8] {
        put(RecordReader.checksum(key: key, record: bytes[...]))
        return bytes
    }
}
