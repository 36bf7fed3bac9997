import Dispatch
import SeedSupport
import SeedTestSupport
import Testing

@testable import SeedStorage

@Suite("The LMDB environment")
struct EnvironmentTests {
    @Test("opened again, its tables and records are the ones they were; it waits for a transaction that is running")
    func reopen() throws {
        try withStore { (store) throws in
            let index = try store.reader.openIndex()
            store.put(task(key(1), generation: 7))
            store.flush()
            let (entered, release) = (DispatchSemaphore(value: 0), DispatchSemaphore(value: 0))
            let done = Lock(false)
            store.threads.run {
                try? index.environment.read { _ in
                    entered.signal()
                    release.wait()
                    done.withLock { $0 = true }
                }
            }
            entered.wait()
            store.threads.run { release.signal() }
            try index.environment.reopen()
            #expect(done.withLock { $0 })
            #expect(try store.task(key(1))?.generation == 7)
            store.put(task(key(2), generation: 8))
            #expect(store.flush())
            #expect(try store.task(key(2))?.generation == 8)
            #expect(try store.taskCount() == 2)
        }
    }
}
