package import DragonflyIdentity

/// Names one generation of a task: its content file, and the pieces in it.
package struct FileName: Hashable, Sendable {
    package let key: StoreKey
    package let generation: UInt64

    package init(key: StoreKey, generation: UInt64) {
        self.key = key
        self.generation = generation
    }

    /// Table key of the generation's pieces without the piece number: store key, generation as 8 bytes, big-endian,
    /// so that the pieces of one generation are neighbours in order.
    var piecePrefix: [UInt8] { key.bytes + generation.bigEndianBytes }
}

/// Names one piece of one generation.
package struct PieceName: Hashable, Sendable {
    package let file: FileName
    package let number: Int

    package init(file: FileName, number: Int) {
        self.file = file
        self.number = number
    }

    /// Most pieces of an object: their numbers have 32 bits in the table's key.
    package static let mostPieces = Int(UInt32.max)

    var tableKey: [UInt8] { file.piecePrefix + UInt32(number).bigEndianBytes }
}

extension TaskRecord {
    package var file: FileName { FileName(key: key, generation: generation) }
}

extension PieceName {
    /// Nil for an invalid key.
    init?(tableKey: some Collection<UInt8>) {
        let bytes = Array(tableKey)
        guard bytes.count == 44, let key = StoreKey(bytes: bytes[..<32]),
            let generation = UInt64(bigEndianBytes: bytes[32..<40]), let number = UInt32(bigEndianBytes: bytes[40...])
        else { return nil }
        self.init(file: FileName(key: key, generation: generation), number: Int(number))
    }
}

extension StoreKey {
    var bytes: [UInt8] { withUnsafeBytes { [UInt8]($0) } }
}

extension TaskID {
    /// The table key in the wire index: LMDB takes 1 to 511 bytes, so an endless id is cut and readers compare the
    /// record.
    var tableKey: [UInt8] { [UInt8(ascii: "w")] + withUTF8 { $0.prefix(500).map { $0 } } }
}

extension FixedWidthInteger {
    var bigEndianBytes: [UInt8] { Swift.withUnsafeBytes(of: bigEndian) { [UInt8]($0) } }

    /// Reads as many bytes as the type has; nil when the slice is shorter.
    init?(bigEndianBytes bytes: some Collection<UInt8>) {
        guard bytes.count == MemoryLayout<Self>.size else { return nil }
        self = bytes.reduce(0) { $0 << 8 | Self(truncatingIfNeeded: $1) }
    }
}
