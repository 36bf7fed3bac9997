import HTTPSemantics
import SeedSupport

/// The body of a record whose fields are numbered, so that programs of several versions can read and keep each other's: each
/// is a number u16, a length u32 and as many bytes. An absent field is not written.
struct RecordFields {
    private var values: [UInt16: [UInt8]] = [:]

    /// Nil when a field runs past the end or comes twice.
    init?(_ reader: inout RecordReader) {
        while !reader.isAtEnd {
            guard let number: UInt16 = reader.integer(), let value = reader.run(),
                values.updateValue(Array(value), forKey: number) == nil
            else { return nil }
        }
    }

    init() {}

    subscript(number: UInt16) -> [UInt8]? {
        get { values[number] }
        set { values[number] = newValue }
    }

    /// Those with other numbers: a later version's, to be kept.
    func others(than known: Set<UInt16>) -> [UInt16: [UInt8]] { values.filter { !known.contains($0.key) } }

    mutating func add(_ others: [UInt16: [UInt8]]) { values.merge(others) { mine, _ in mine } }

    func write(to writer: inout RecordWriter) {
        for (number, value) in values.sorted(by: { $0.key < $1.key }) {
            writer.put(number)
            writer.put(value)
        }
    }

    // MARK: Values

    func integer<Integer: FixedWidthInteger>(_ number: UInt16, as type: Integer.Type = Integer.self) -> Integer? {
        values[number].flatMap { bytes in
            guard bytes.count == MemoryLayout<Integer>.size else { return nil }
            return Integer(littleEndian: bytes.withUnsafeBytes { $0.loadUnaligned(as: Integer.self) })
        }
    }

    func time(_ number: UInt16) -> Timestamp? { integer(number).map { Timestamp(milliseconds: $0) } }

    func text(_ number: UInt16) -> String? { values[number].map { String(decoding: $0, as: UTF8.self) } }

    /// Names and values by turns, each after its length u32. Nil when they are malformed, empty when the field is absent.
    func headerFields(_ number: UInt16) -> HTTPFields? {
        var fields = HTTPFields()
        guard let bytes = values[number] else { return fields }
        var reader = RecordReader(rest: bytes[...])
        while !reader.isAtEnd {
            guard let text = reader.text(), let name = HTTPField.Name(text), let value = reader.run() else {
                return nil
            }
            fields.append(HTTPField(name: name, lenientValue: value))
        }
        return fields
    }

    mutating func put(_ number: UInt16, _ value: some FixedWidthInteger) {
        values[number] = withUnsafeBytes(of: value.littleEndian) { [UInt8]($0) }
    }

    mutating func put(_ number: UInt16, _ time: Timestamp?) { time.map { put(number, $0.milliseconds) } }

    mutating func put(_ number: UInt16, _ text: String?) { values[number] = text.map { Array($0.utf8) } }

    mutating func put(_ number: UInt16, _ fields: HTTPFields) {
        guard !fields.isEmpty else { return }
        var writer = RecordWriter()
        for field in fields {
            writer.put(field.name.rawName)
            // The value as bytes: a field may hold octets that are not UTF-8.
            field.withUnsafeBytesOfValue { writer.put($0) }
        }
        values[number] = writer.bytes
    }
}
