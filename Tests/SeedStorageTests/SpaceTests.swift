import Testing

@testable import SeedStorage

@Suite("Space")
struct SpaceTests {
    private func account(
        capacity: Int64? = nil, high: Int = 90, low: Int = 80, headroom: Int64 = 0, total: Int64 = 10_000,
        free: Int64 = 10_000, used: Int64 = 0
    ) -> SpaceAccount {
        SpaceAccount(
            SpaceLimits(capacity: capacity, highPercent: high, lowPercent: low, headroom: headroom),
            volume: .init(total: total, free: free), used: used)
    }

    @Test("room is granted or refused at once, within free space less headroom and earlier grants")
    func volume() {
        var account = account(headroom: 100, total: 10_000, free: 1_000)
        #expect(account.reserve(500) && account.reserve(400))
        #expect(account.reserve(1) == false)
        #expect(account.reserve(0) && !account.reserve(-1))
    }

    @Test("room is granted within the capacity too, and what is written leaves the less of it")
    func capacity() {
        var account = account(capacity: 1_000, used: 300)
        #expect(account.available == 700)
        #expect(account.reserve(600) == true)
        account.wrote(500)
        account.release(500)
        #expect(account.available == 100)
        account.release(100)
        #expect(account.available == 200)
        account.freed(800)
        #expect(account.available == 1_000)
    }

    @Test("a small volume keeps a twentieth for headroom")
    func smallVolume() {
        #expect(account(headroom: 1 << 30, total: 64 << 20, free: 64 << 20).available == (64 << 20) - (64 << 20) / 20)
    }

    @Test(
        "above the high mark so much must go that the low one is reached; what is being evicted already is not counted twice"
    )
    func excess() {
        var account = account(capacity: 10 << 30, total: 100 << 30, free: 100 << 30, used: (9 << 30) - (1 << 20))
        #expect(account.excess == 0)
        account.wrote(1 << 20)
        let tenth: Int64 = (10 << 30) / 10
        #expect(account.excess >= tenth && account.excess <= tenth + (2 << 20))
        account.beginEviction(of: 600 << 20)
        #expect(account.excess >= tenth - (600 << 20) && account.excess <= tenth - (598 << 20))
        account.beginEviction(of: tenth - (600 << 20) + (2 << 20))
        #expect(account.excess == 0)
        account.freed(tenth, evicted: tenth + (2 << 20))
        #expect(account.evicting == 0)
        #expect(account.excess == 0)
        #expect(account.reserve(900 << 20) == true)
        #expect(account.excess == 0, "between the marks nothing goes")
        #expect(account.reserve(200 << 20) == true)
        #expect(account.excess > 1 << 30)
    }

    @Test("once begun, making room ends at the low mark, not at the high one")
    func hysteresis() {
        var account = account(capacity: 1_000, high: 80, low: 60, used: 790)
        account.wrote(20)
        #expect(account.excess == 210)
        account.freed(100)
        #expect(account.excess == 110)
        account.freed(110)
        #expect(account.excess == 0)
        account.wrote(190)
        #expect(account.excess == 0)
        account.wrote(20)
        #expect(account.excess == 210)
    }

    @Test("what was refused below the high mark is made room for, unless it could never be held")
    func refused() {
        var account = account(capacity: 1_000, high: 80, low: 60, used: 700)
        #expect(account.reserve(601) == false)
        #expect(account.excess == 0)
        #expect(account.reserve(400) == false)
        #expect(account.excess == 100)
        account.beginEviction(of: 60)
        #expect(account.excess == 40)
        account.freed(100, evicted: 60)
        #expect(account.excess == 0)
        #expect(account.reserve(400) == true)
        account.release(400)
        #expect(account.excess == 0)
    }

    @Test("a small capacity starts to make room earlier: flights reserve meanwhile")
    func smallCapacity() {
        #expect(account(capacity: 1_000, high: 95, low: 90, used: 875).excess == 0)
        #expect(account(capacity: 1_000, high: 95, low: 90, used: 876).excess == 21)
    }

    @Test("without a capacity the marks are parts of the volume, and others' bytes count")
    func volumeMarks() {
        #expect(account(total: 1_000, free: 150, used: 10).excess == 0)
        #expect(account(total: 1_000, free: 50, used: 10).excess == 150)
    }

    @Test("a volume that refused a write has no room, and its content is asked to go")
    func exhausted() {
        var account = account(capacity: 1_000, headroom: 50, total: 1_000, free: 600, used: 100)
        account.exhausted()
        #expect(account.available == 0)
        #expect(account.excess == 50)
        account.refresh(.init(total: 1_000, free: 600))
        #expect(account.available == 550)
    }

    @Test("a measurement of the files counts what was written meanwhile on top, so that it is never too low")
    func measured() {
        var account = account(capacity: 1_000, used: 500)
        let before = account.written
        account.wrote(50)
        account.measured(300, since: before)
        #expect(account.used == 350)
    }

    @Test("a store refuses what its capacity cannot hold, and grants what it can")
    func store() throws {
        try withStore { (store) throws in
            #expect(!store.reserve(Int64.max))
            #expect(store.reserve(1 << 20))
            store.release(1 << 20)
        }
        try withStore({ $0.limits.capacity = 1_000 }) { (store) throws in
            #expect(!store.reserve(1_001))
            #expect(store.availableBytes == 1_000)
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
