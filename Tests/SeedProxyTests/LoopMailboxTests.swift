import Testing

@testable import SeedProxy

@Suite("Wake-ups of one event loop (rule 18)")
struct LoopMailboxTests {
    @Test("However many come, one task is scheduled, and it takes them all")
    func oneTask() {
        var wakeUps = WakeUps<Int>()
        let first = (0..<1000).map { wakeUps.add($0) }
        #expect(first == [true] + Array(repeating: false, count: 999))
        #expect(wakeUps.takeAll() == Array(0..<1000))
        #expect(wakeUps.takeAll() == [])
        // The task has run: what comes from now on needs another one.
        let second = (0..<10).map { wakeUps.add($0) }
        #expect(second == [true] + Array(repeating: false, count: 9))
        #expect(wakeUps.takeAll() == Array(0..<10))
    }
}
