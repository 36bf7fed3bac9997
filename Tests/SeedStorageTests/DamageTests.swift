import DragonflyIdentity
import SeedTestSupport
import Testing

@testable import SeedStorage

@Suite("Damage and lack of room")
struct DamageTests {
    @Test("a damaged record is absent and is counted")
    func damaged() throws {
        try withStore { (store) throws in
            store.put(task(key(1), generation: 1))
            store.put(task(key(2), generation: 2))
            for number in 0..<2 { store.put(piece(number), of: key(2), generation: 2, urgency: .soon) }
            store.flush()
            let index = try store.reader.openIndex()
            let name = PieceName(file: FileName(key: key(2), generation: 2), number: 0).tableKey
            try index.environment.write { transaction throws(LMDBError) in
                for (table, key) in [(index.tasks, key(1).bytes), (index.pieces, name)] {
                    var value = try transaction.get(key, in: table) ?? []
                    value[10] ^= 1
                    try transaction.put(value, for: key, in: table)
                }
            }
            #expect(try store.task(key(1)) == nil)
            #expect(try store.pieces(key(2), generation: 2, numbers: 0..<2) == [piece(1)])
            #expect(store.health.damagedRecords == 2)
        }
    }

    @Test("a record of a later version is an error that names the version")
    func newerRecord() throws {
        try withStore { (store) throws in
            var writer = RecordWriter(version: 7, capacity: 8)
            writer.put(UInt64(1))
            let record = writer.seal(key: key(1).bytes)
            let index = try store.reader.openIndex()
            try index.environment.write { transaction throws(LMDBError) in
                try transaction.put(record, for: key(1).bytes, in: index.tasks)
            }
            let error = #expect(throws: StorageError.self) { try store.task(key(1)) }
            #expect(error?.kind == .newerFormat)
            #expect(error?.message.contains("7") == true)
        }
    }

    @Test("when the index is full the store stays up, says so, and writes again once there is room")
    func indexFull() throws {
        try withStore({ $0.indexMapSize = 1 << 20 }) { (store) throws in
            store.put(task(key(0), generation: 1))
            #expect(store.flush())
            var big = task(key(1), generation: 2)
            big.url = String(repeating: "x", count: 2 << 20)
            store.put(big)
            #expect(!store.flush())
            #expect(store.health.failure?.kind == .full)
            #expect(try store.task(key(0)) != nil)
            store.put(task(key(3), generation: 3))
            store.put(task(key(1), generation: 2))
            #expect(store.flush())
            #expect(store.health.failure == nil)
            #expect(try store.taskCount() == 3)
        }
    }
}
