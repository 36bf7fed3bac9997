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

    @Test("every field of a task is kept, those that few objects have among them")
    func allFields() {
        var record = task(key(1), generation: 7)
        record.target = "/a?b=c"
        record.digest = "sha512:00"
        record.sharedKey = key(3)
        record.aliases = [key(3), key(4)]
        record.varyingFields = [.accept: "text/html", .acceptLanguage: ""]
        record.redirect = StoredRedirect(firstStatus: 307, firstFields: [.location: "http://b/"], endsAt: at(9))
        record.flags.insert([.publiclyReadable, .proven])
        #expect(TaskRecord.decode(record.encoded(for: record.key.bytes), key: record.key).value == record)
        record.redirect?.endsAt = nil
        record.redirect?.firstFields = [:]
        #expect(TaskRecord.decode(record.encoded(for: record.key.bytes), key: record.key).value == record)
    }

    @Test("fields that a later version wrote are kept, also when this one writes the record anew")
    func unknownFields() throws {
        var record = task(key(1), generation: 7)
        record.unknownFields = [900: [1, 2, 3], 901: []]
        #expect(TaskRecord.decode(record.encoded(for: record.key.bytes), key: record.key).value == record)
        try withStore { (store) throws in
            store.put(record)
            store.flush()
            store.put(task(key(1), generation: 7))
            store.flush()
            #expect(try store.task(key(1))?.unknownFields == record.unknownFields)
            // Of another generation nothing is known.
            store.put(task(key(1), generation: 8))
            store.flush()
            #expect(try store.task(key(1))?.unknownFields.isEmpty == true)
        }
    }

    @Test("a record without what every task has, or with a field twice or cut off, reads as damaged")
    func malformed() {
        let whole = task(key(1), generation: 7).encoded(for: key(1).bytes).dropLast(4)
        func decoded(_ bytes: some Collection<UInt8>) -> StoredRecord<TaskRecord> {
            var bytes = Array(bytes)
            let sum = RecordReader.checksum(key: key(1).bytes, record: bytes[...])
            bytes += withUnsafeBytes(of: sum.littleEndian, Array.init)
            return TaskRecord.decode(bytes, key: key(1))
        }
        #expect(decoded(whole).value != nil)
        #expect(isDamaged(decoded(whole.prefix(1))))
        for end in 2..<whole.count where decoded(whole.prefix(end)).value != nil {
            // Nothing was left out but what comes after the URL, which a task may lack.
            #expect(end >= 122)
        }
        #expect(isDamaged(decoded(whole + [1, 0, 4, 0, 0, 0, 0, 0, 0, 0])))
        #expect(isDamaged(decoded(whole + [99, 0, 255, 255, 255, 255])))
    }

    @Test("an alias keeps its fields, and is read under its own key only")
    func alias() {
        let alias = TaskAlias(to: FileName(key: key(1), generation: 7), headers: [.eTag: "\"b\""], fetchedAt: at(3))
        let name = TaskAlias.tableKey(key(2))
        #expect(TaskAlias.decode(alias.encoded(for: name), key: name).value == alias)
        #expect(isDamaged(TaskAlias.decode(alias.encoded(for: name), key: TaskAlias.tableKey(key(3)))))
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
        let fields = [
            "0100" + "04000000" + "01000000", "0200" + "08000000" + "0500000000000000",
            "0300" + "08000000" + "40420f0000000000", "0400" + "08000000" + "0000080000000000",
            "0500" + "08000000" + "0100000000000000", "0600" + "08000000" + "0200000000000000",
            "0700" + "04000000" + hex("wire"), "0800" + "19000000" + hex("http://example.test/a?b=c"),
            "0900" + "01000000" + hex("t"), "0b00" + "04000000" + hex("\"v1\""),
            "0d00" + "1e000000" + "0c000000" + hex("Content-Type") + "0a000000" + hex("text/plain"),
        ]
        #expect(hex(Array(bytes.dropLast(4))) == "03" + fields.joined())
    }

    private func isDamaged<R>(_ stored: StoredRecord<R>) -> Bool {
        if case .damaged = stored { true } else { false }
    }

    private func hex(_ text: String) -> String { hex(Array(text.utf8)) }

    private func hex(_ bytes: [UInt8]) -> String {
        bytes.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
    }
}
