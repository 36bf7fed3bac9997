import DragonflyIdentity
import HTTPSemantics
import SeedTestSupport
import Testing

@testable import SeedStorage

@Suite("Aliases (rule:names-bound-to-urls)")
struct AliasTests {
    /// The shared name of the tasks here.
    private let name = key(100)

    private func shared(_ number: Int = 1, generation: UInt64 = 1) -> TaskRecord {
        var record = task(key(number), generation: generation)
        record.sharedKey = name
        return record
    }

    private func alias(to record: TaskRecord) -> TaskAlias {
        TaskAlias(to: record.file, headers: [.eTag: "\"b\""], fetchedAt: at(3))
    }

    @Test("a shared name and a URL lead to the task, before the commit, after it and after opening again")
    func leads() throws {
        let directory = try TemporaryDirectory()
        let record = shared()
        try withStore(in: directory) { (store) throws in
            store.put(record)
            #expect(try store.alias(name) == nil)
            store.flush()
            #expect(try store.alias(name)?.task.file == record.file)
            store.put(alias(to: record), for: key(2))
            #expect(try store.alias(key(2))?.alias == alias(to: record))
        }
        try withStore(in: directory) { (store) throws in
            #expect(try store.alias(key(2))?.alias == alias(to: record))
            #expect(try store.alias(name)?.alias.headers.isEmpty == true)
            #expect(try store.task(key(1))?.aliases == [name, key(2)])
        }
    }

    @Test("aliases go with their generation, and when it may no longer be shared")
    func ends() throws {
        let ends: [(String, (PieceStore) -> Void)] = [
            ("removed", { $0.remove(key(1), generation: 1) }),
            ("replaced", { $0.put(task(key(1), generation: 2)) }),
            ("not proven any more", { $0.put(task(key(1), generation: 1)) }),
        ]
        for (end, body) in ends {
            try withStore { (store) throws in
                store.put(shared())
                store.put(alias(to: shared()), for: key(2))
                store.flush()
                #expect(try store.alias(key(2)) != nil)
                body(store)
                #expect(try store.alias(key(2)) == nil, "\(end), not committed")
                store.flush()
                #expect(try store.alias(key(2)) == nil && store.alias(name) == nil, "\(end)")
                let index = try store.reader.openIndex()
                #expect(try index.alias(key(2)) == nil && index.alias(name) == nil, "\(end)")
            }
        }
    }

    @Test("an alias to what is not held, or not to be shared, is not recorded, nor one for a key with bytes of its own")
    func refused() throws {
        try withStore { (store) throws in
            store.put(alias(to: shared()), for: key(2))
            store.put(task(key(3), generation: 1))
            store.put(alias(to: task(key(3), generation: 1)), for: key(4))
            store.put(shared(5))
            store.put(task(key(6), generation: 1))
            store.put(alias(to: shared(5)), for: key(6))
            store.put(alias(to: shared(5, generation: 9)), for: key(7))
            store.flush()
            let index = try store.reader.openIndex()
            for number in [2, 4, 6, 7] { #expect(try index.alias(key(number)) == nil, "\(number)") }
        }
    }

    @Test("bytes of its own take the place of an alias")
    func ownBytes() throws {
        try withStore { (store) throws in
            store.put(shared())
            store.put(alias(to: shared()), for: key(2))
            store.flush()
            store.put(task(key(2), generation: 4))
            store.flush()
            #expect(try store.reader.openIndex().alias(key(2)) == nil)
        }
    }

    @Test("the latest task of a name is found by it, and stays when the earlier one goes")
    func latest() throws {
        try withStore { (store) throws in
            store.put(shared(1))
            store.flush()
            store.put(shared(2))
            store.flush()
            store.remove(key(1), generation: 1)
            store.flush()
            #expect(try store.alias(name)?.task.key == key(2))
        }
    }

    @Test("a task has at most 64 aliases; the first URL's goes, never the shared name")
    func bounded() throws {
        try withStore { (store) throws in
            store.put(shared())
            for number in 0..<100 {
                store.put(alias(to: shared()), for: key(1000 + number))
                store.flush()
            }
            let held = try (0..<100).filter { try store.alias(key(1000 + $0)) != nil }
            #expect(held == Array(37..<100))
            #expect(try store.alias(name) != nil)
            #expect(try store.task(key(1))?.aliases.count == 64)
        }
    }

    @Test("records count as room while they are there, aliases too")
    func room() throws {
        try withStore { (store) throws in
            #expect(store.space.account.records == 0)
            store.put(shared())
            store.flush()
            let first = store.space.account.records
            #expect(first > 200)
            store.put(alias(to: shared()), for: key(2))
            store.flush()
            #expect(store.space.account.records > first)
            #expect(try store.reader.openIndex().recordBytes() == store.space.account.records)
            store.remove(key(1), generation: 1)
            store.flush()
            #expect(store.space.account.records == 0)
        }
    }
}
