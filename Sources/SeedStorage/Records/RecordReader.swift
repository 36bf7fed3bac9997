import SeedSupport

/// What a stored value turned out to be.
enum StoredRecord<Record> {
    case record(Record)
    case absent
    /// Wrong CRC or shape: treated as absent, and counted.
    case damaged
    /// Written by a later format, whose version byte this is.
    case newer(UInt8)
}

/// Reads the fields of a stored record; every read that would run past the end gives nil.
struct RecordReader {
    private var rest: ArraySlice<UInt8>

    init(rest: ArraySlice<UInt8>) {
        self.rest = rest
    }

    /// Checks the version byte and the CRC, then lets `body` read the fields. A nil from `body` means damaged.
    static func read<Record>(
        _ value: [UInt8]?, key: [UInt8], version: UInt8, _ body: (inout RecordReader) -> Record?
    ) -> StoredRecord<Record> {
        guard let value else { return .absent }
        guard value.count >= 5 else { return .damaged }
        var reader = RecordReader(rest: value.dropFirst(value.count - 4))
        guard reader.integer(UInt32.self) == checksum(key: key, record: value.dropLast(4)) else { return .damaged }
        guard value[0] <= version else { return .newer(value[0]) }
        reader.rest = value.dropFirst().dropLast(4)
        return body(&reader).map { .record($0) } ?? .damaged
    }

    static func checksum(key: [UInt8], record: ArraySlice<UInt8>) -> UInt32 {
        let seed = key.withUnsafeBytes { Checksum.crc32($0) }
        return record.withUnsafeBytes { Checksum.crc32($0, seed: seed) }
    }

    var isAtEnd: Bool { rest.isEmpty }

    mutating func integer<Integer: FixedWidthInteger>(_ type: Integer.Type = Integer.self) -> Integer? {
        guard let bytes = take(MemoryLayout<Integer>.size) else { return nil }
        return Integer(littleEndian: bytes.withUnsafeBytes { $0.loadUnaligned(as: Integer.self) })
    }

    mutating func time() -> Timestamp? { integer().map { Timestamp(milliseconds: $0) } }

    mutating func blockSet() -> BlockSet? {
        guard let a: UInt64 = integer(), let b: UInt64 = integer(), let c: UInt64 = integer(), let d: UInt64 = integer()
        else { return nil }
        return BlockSet(words: SIMD4(a, b, c, d))
    }

    mutating func run() -> ArraySlice<UInt8>? {
        guard let count: UInt32 = integer() else { return nil }
        return take(Int(count))
    }

    mutating func text() -> String? { run().map { String(decoding: $0, as: UTF8.self) } }

    /// Nil at the outer level means damaged, at the inner one "no value".
    mutating func optionalInteger() -> UInt32?? {
        guard let isThere: UInt8 = integer(), let value: UInt32 = integer() else { return nil }
        return isThere == 0 ? .some(nil) : .some(value)
    }

    private mutating func take(_ count: Int) -> ArraySlice<UInt8>? {
        guard rest.count >= count else { return nil }
        defer { rest = rest.dropFirst(count) }
        return rest.prefix(count)
    }
}

extension StoredRecord {
    /// The record, if there is a sound one.
    var value: Record? {
        if case .record(let record) = self { record } else { nil }
    }

    func map<Other>(_ transform: (Record) -> Other) -> StoredRecord<Other> {
        switch self {
        case .record(let record): .record(transform(record))
        case .absent: .absent
        case .damaged: .damaged
        case .newer(let version): .newer(version)
        }
    }
}
