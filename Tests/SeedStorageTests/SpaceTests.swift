import Testing

@testable import SeedStorage

@Suite("Space")
struct SpaceTests {
    @Test("room is granted or refused at once, within free space less headroom and earlier grants")
    func budget() {
        var budget = SpaceBudget(headroom: 100, free: 1_000)
        #expect(budget.reserve(500) && budget.reserve(400))
        #expect(budget.reserve(1) == false)
        #expect(budget.reserve(0) && !budget.reserve(-1))
    }

    @Test("what is given back counts as written until the volume is asked again")
    func release() {
        var budget = SpaceBudget(headroom: 0, free: 1_000)
        #expect(budget.reserve(600) == true)
        budget.release(600)
        #expect(budget.available == 400)
        budget.refresh(free: 1_000)
        #expect(budget.available == 1_000)
        budget.refresh(free: 50)
        #expect(budget.available == 50)
    }

    @Test("a store refuses what the volume cannot hold, and grants what it can")
    func store() throws {
        try withStore { (store) throws in
            #expect(!store.reserve(Int64.max))
            #expect(store.reserve(1 << 20))
            store.release(1 << 20)
        }
        try withStore({ $0.headroom = Int64.max }) { (store) throws in
            #expect(!store.reserve(1))
            #expect(store.availableBytes == 0)
        }
    }

    @Test("the threads do what was queued before their shutdown, and nothing after it")
    func threads() {
        let threads = StoreThreads(count: 3)
        let journal = Journal()
        for number in 0..<100 { threads.run { journal.note(number) } }
        threads.shutdown()
        #expect(Set(journal.all) == Set(0..<100))
        #expect(!threads.run { journal.note(100) })
        threads.shutdown()
    }
}
