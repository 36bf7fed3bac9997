import DragonflyIdentity
import HTTPSemantics
import Testing

@testable import SeedStorage

@Suite("Records")
struct RecordTests {
    @Test("a task record reads back as it was written, octets that are not UTF-8 included")
    func taskRoundTrip() throws {
        var record = task(key(1), generation: 7)
        let odd = try #require(HTTPField.Name("X-Odd"))
        record.headers.append(HTTPField(name: odd, lenientValue: [0xE9, 0x20, 0xFF]))
        record.headers.append(HTTPField(name: .init("Link") ?? odd, value: "a"))
        record.headers.append(HTTPField(name: .init("Link") ?? odd, value: "b"))
        record.lastModified = ""
        record.digest = "sha256:ab"
        let read = TaskRecord.decode(record.encoded(for: record.key.bytes), key: record.key).value
        #expect(read == record)
    }

    @Test("a piece record reads back as it was written")
    func pieceRoundTrip() {
        var record = piece(3, present: BlockSet([1]))
        record.digest = nil
        record.source = .peer
        record.cost = .milliseconds(17)
        let name = PieceName(file: FileName(key: key(1), generation: 2), number: 3).tableKey
        let stored = StoredPiece(record: record, length: 300_000)
        let read = StoredPiece.decode(stored.encoded(for: name), key: name).value
        #expect(read?.record == record)
        #expect(read?.heldBytes == 37_856)
    }

    @Test("a record with any one byte changed, cut short, or under another key reads as damaged")
    func damage() {
        let record = task(key(1), generation: 7)
        let bytes = record.encoded(for: record.key.bytes)
        for position in bytes.indices {
            var bad = bytes
            bad[position] ^= 0x10
            #expect(isDamaged(TaskRecord.decode(bad, key: record.key)), "byte \(position)")
            #expect(isDamaged(TaskRecord.decode(Array(bytes.prefix(position)), key: record.key)))
        }
        #expect(isDamaged(TaskRecord.decode(bytes, key: key(2))))
    }

    @Test("a task of more pieces than their keys can number reads as damaged; so many at most are asked for")
    func tooManyPieces() throws {
        var record = task(key(1), generation: 7, length: Int64(UInt32.max), pieceLength: 1)
        #expect(TaskRecord.decode(record.encoded(for: record.key.bytes), key: record.key).value == record)
        record.contentLength += 1
        #expect(isDamaged(TaskRecord.decode(record.encoded(for: record.key.bytes), key: record.key)))
        try withStore { (store) throws in
            #expect(try store.pieces(key(1), generation: 7, numbers: 0..<1 << 34).isEmpty)
        }
    }

    @Test("a task record of version 1, which had no digest, is read")
    func version1() throws {
        var record = task(key(1), generation: 7)
        record.digest = nil
        var bytes = Array(record.encoded(for: record.key.bytes).dropLast(5))
        bytes[0] = 1
        let sum = RecordReader.checksum(key: record.key.bytes, record: bytes[...])
        bytes += withUnsafeBytes(of: sum.littleEndian, Array.init)
        #expect(TaskRecord.decode(bytes, key: record.key).value == record)
    }

    @Test("a record of a later version is named as such")
    func newer() {
        var writer = RecordWriter(version: 9, capacity: 8)
        writer.put(UInt32(1))
        let stored = TaskRecord.decode(writer.seal(key: key(1).bytes), key: key(1))
        guard case .newer(9) = stored else { return #expect(Bool(false), "got \(stored)") }
    }

    @Test("the format on disk has not changed")
    func golden() {
        // If this fails, files written by earlier versions are no longer read: give the record a new version byte instead.
        let name = PieceName(file: FileName(key: key(0x0102), generation: 5), number: 6).tableKey
        let bytes = StoredPiece(record: piece(6), length: 300_000).encoded(for: name)
        #expect(hex(name) == String(repeating: "00", count: 30) + "0102" + "0000000000000005" + "00000006")
        #expect(
            hex(Array(bytes.dropLast(4))) == "01" + "e093040000000000" + "00" + "00000000" + "0121000000"
                + "0400000000000000" + "0500000000000000" + "0300000000000000" + String(repeating: "00", count: 24)
                + "0b000000" + "16000000")
    }

    @Test("nor has that of a task's record")
    func goldenTask() {
        let bytes = task(key(0x0102), generation: 5).encoded(for: key(0x0102).bytes)
        let texts = [
            "04000000" + hex("wire"), "19000000" + hex("http://example.test/a?b=c"), "01" + "01000000" + hex("t"), "00",
            "01" + "04000000" + hex("\"v1\""), "00", "01000000" + "0c000000" + hex("Content-Type"),
            "0a000000" + hex("text/plain"), "00",
        ]
        #expect(
            hex(Array(bytes.dropLast(4))) == "02" + "01000000" + "0500000000000000" + "40420f0000000000"
                + "0000080000000000" + "0100000000000000" + "0200000000000000" + texts.joined())
    }

    private func isDamaged<R>(_ stored: StoredRecord<R>) -> Bool {
        if case .damaged = stored { true } else { false }
    }

    private func hex(_ text: String) -> String { hex(Array(text.utf8)) }

    private func hex(_ bytes: [UInt8]) -> String {
        bytes.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
    }
}
