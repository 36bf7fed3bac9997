import Testing

@testable import SeedStorage

@Suite("The order of eviction")
struct EvictionPolicyTests {
    private func name(_ number: Int) -> PieceName {
        PieceName(file: FileName(key: key(number), generation: 1), number: number % 7)
    }

    @Test("what was used once goes before what was used twice, the longest unused first")
    func order() {
        var policy = EvictionPolicy(limit: 100)
        for number in 0..<4 { policy.use(name(number), bytes: 1 << 20, at: 1) }
        policy.use(name(0), bytes: 1 << 20, at: 100)
        #expect((0..<4).map { _ in policy.victim()?.name } == [1, 2, 3, 0].map(name))
        #expect(policy.victim() == nil)
    }

    @Test("being filled is no use: the first read does not protect")
    func filling() {
        var policy = EvictionPolicy(limit: 100)
        for number in 0..<2 {
            policy.hold(name(number), bytes: 1 << 20)
            policy.hold(name(number), bytes: 4 << 20)
        }
        policy.use(name(0), bytes: 4 << 20, at: 1)
        policy.use(name(1), bytes: 4 << 20, at: 1)
        policy.use(name(0), bytes: 4 << 20, at: 100)
        #expect(policy.victim()?.name == name(1))
        #expect(policy.victim()?.bytes == 4 << 20)
    }

    @Test("a client that takes a piece range by range uses it once")
    func correlated() {
        var policy = EvictionPolicy(limit: 100)
        for second in 1...29 as ClosedRange<UInt32> { policy.use(name(0), bytes: 4 << 20, at: second) }
        for second in [1, 40] as [UInt32] { policy.use(name(1), bytes: 4 << 20, at: second) }
        policy.use(name(2), bytes: 4 << 20, at: 41)
        #expect((0..<3).map { _ in policy.victim()?.name } == [0, 2, 1].map(name))
    }

    @Test("a scan of pieces that are never read again leaves the protected segment alone")
    func scan() {
        var policy = EvictionPolicy(limit: 10_000)
        for time in [1, 100] as [UInt32] { for number in 0..<50 { policy.use(name(number), bytes: 1 << 20, at: time) } }
        for number in 1_000..<2_000 {
            policy.use(name(number), bytes: 1 << 20, at: 200)
            if policy.count > 100 { _ = policy.victim() }
        }
        #expect((0..<50).filter { policy.contains(name($0)) }.count >= 40)
    }

    @Test("the protected segment has at most four fifths of the bytes")
    func protectedShare() {
        var policy = EvictionPolicy(limit: 1_000)
        for time in [1, 100] as [UInt32] {
            for number in 0..<100 { policy.use(name(number), bytes: 1 << 20, at: time) }
        }
        let first = (0..<20).compactMap { _ in policy.victim()?.name }
        #expect(Set(first) == Set((0..<20).map(name)))
    }

    @Test("pieces of earlier lives go first, those told last before those told first")
    func coldest() {
        var policy = EvictionPolicy(limit: 100)
        policy.use(name(1), bytes: 1, at: 1)
        policy.addColdest(name(2), bytes: 1)
        policy.addColdest(name(3), bytes: 1)
        policy.addColdest(name(1), bytes: 1)
        #expect((0..<3).map { _ in policy.victim()?.name } == [3, 2, 1].map(name))
    }

    @Test("beyond its limit the coldest is forgotten, and memory stays what was said")
    func bounded() {
        var policy = EvictionPolicy(limit: 1_000)
        let forgotten = (0..<5_000).filter { policy.use(name($0), bytes: 1, at: 1) }.count
        #expect(policy.count == 1_000 && forgotten == 4_000)
        #expect(policy.memory < 1_000 * 160)
    }

    @Test("it finds what it has and nothing else, whatever came and went")
    func model() {
        var policy = EvictionPolicy(limit: 500)
        var model: Set<Int> = []
        var state: UInt64 = 7
        for _ in 0..<50_000 {
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            let number = Int(state >> 33) % 700
            switch state >> 60 {
            case 0..<8 where model.count < 500 || model.contains(number):
                policy.use(name(number), bytes: 1 << 20, at: UInt32(truncatingIfNeeded: state >> 40) | 1)
                model.insert(number)
            case 8..<12:
                policy.remove(name(number))
                model.remove(number)
            case 12..<13:
                if let gone = policy.victim() {
                    let isOurs = model.firstIndex { name($0) == gone.name }.map { model.remove(at: $0) } != nil
                    #expect(isOurs)
                }
            default: #expect(policy.contains(name(number)) == model.contains(number))
            }
        }
        #expect(policy.count == model.count)
        #expect(model.allSatisfy { policy.contains(name($0)) })
    }
}
