import Testing

@testable import DragonflyRequest

@Suite("The seed peers in use, and what is known of them")
struct RingTableTests {
    private static let tasks = (0..<50).map { try! GetRequest(url: "http://o/\($0)").task() }

    private static func peers(_ count: Int) -> [SeedPeer] {
        (0..<count).map { try! SeedPeer(name: "p\($0)", host: "10.0.0.\($0 + 1)") }
    }

    /// All of them have passed their check.
    private static func table(_ peers: [SeedPeer]) -> RingTable {
        var table = RingTable()
        for check in table.begin(peers, checking: .all) { table.checked(check, passed: true) }
        return table
    }

    private static func known(_ table: RingTable, _ task: DragonflyTask, _ count: Int) -> [SeedPeer]? {
        guard case .known(let peers) = table.replicas(of: task, count: count) else { return nil }
        return peers
    }

    @Test("Passing over a seed peer finds the same replicas as a ring without it", arguments: [1, 2, 3, 5, 9])
    func passingOver(count: Int) {
        let peers = Self.peers(6)
        var table = RingTable()
        for check in table.begin(peers, checking: .all) {
            table.checked(check, passed: check.peer != peers[2] && check.peer != peers[4])
        }
        let without = Self.table([0, 1, 3, 5].map { peers[$0] })
        for task in Self.tasks {
            #expect(Self.known(table, task, count) == Self.known(without, task, count))
            #expect(Self.known(table, task, count)?.count == min(count, 4))
        }
    }

    @Test("A lookup waits for the checks of its own replicas, and for no other")
    func ownReplicas() throws {
        let peers = Self.peers(5)
        let task = Self.tasks[0]
        let order = try #require(Self.known(Self.table(peers), task, 5))
        var table = RingTable()
        let checks = table.begin(peers, checking: .all)
        func check(_ place: Int) -> RingTable.Check { checks.first { $0.peer == order[place] }! }
        table.checked(check(1), passed: true)
        #expect(table.replicas(of: task, count: 2) == .unchecked)
        table.checked(check(0), passed: true)
        #expect(table.replicas(of: task, count: 2) == .known([order[0], order[1]]))
        #expect(table.replicas(of: task, count: 3) == .unchecked)
        #expect(!table.isChecked)
        // One that fails leaves its place to the next, which is to be known then.
        table.checked(check(2), passed: false)
        #expect(table.replicas(of: task, count: 3) == .unchecked)
        table.checked(check(3), passed: true)
        #expect(table.replicas(of: task, count: 3) == .known([order[0], order[1], order[3]]))
    }

    @Test(
        "A seed peer that failed a request is left out while another replica is there, and makes no other one a replica"
    )
    func suspect() throws {
        let peers = Self.peers(4)
        let task = Self.tasks[1]
        var table = Self.table(peers)
        let order = try #require(Self.known(table, task, 4))
        _ = table.failed(at: order[0].transportEndpoint)
        #expect(table.replicas(of: task, count: 2) == .known([order[1]]))
        // With one replica there is no other, so the next on the ring stands in.
        #expect(table.replicas(of: task, count: 1) == .known([order[1]]))
        for peer in order.dropFirst() { _ = table.failed(at: peer.transportEndpoint) }
        #expect(Self.known(table, task, 2) == Array(order.prefix(2)), "suspects are better than none")
    }

    @Test("One that failed a request comes back only by a check that it answers")
    func mustAnswer() throws {
        let peers = Self.peers(2)
        var table = Self.table(peers)
        let early = table.begin(peers, checking: .all)
        _ = table.failed(at: peers[0].transportEndpoint)
        for check in early { table.checked(check, passed: true) }
        #expect(Self.tasks.allSatisfy { Self.known(table, $0, 1) == [peers[1]] })
        let later = table.begin(peers, checking: .all)
        #expect(later.first { $0.peer == peers[0] }?.mustAnswer == true)
        #expect(later.first { $0.peer == peers[1] }?.mustAnswer == false)
        for check in later { table.checked(check, passed: true) }
        #expect(Self.tasks.contains { Self.known(table, $0, 1) == [peers[0]] })
        let last = table.begin(peers, checking: .all)
        #expect(last.allSatisfy { !$0.mustAnswer })
    }

    @Test("A silent seed peer is off the ring, also where nothing else is checked; the last one stays")
    func silent() throws {
        let peers = Self.peers(2)
        var table = RingTable()
        let none = table.begin(peers, checking: nil)
        #expect(none.isEmpty)
        _ = table.silent(at: peers[0].transportEndpoint)
        #expect(Self.tasks.allSatisfy { Self.known(table, $0, 2) == [peers[1]] })
        let checks = table.begin(peers, checking: nil)
        #expect(checks.map(\.peer) == [peers[0]])
        #expect(checks.map(\.mustAnswer) == [true])
        _ = table.silent(at: peers[1].transportEndpoint)
        #expect(table.seedPeers == [peers[1]])
        table.checked(checks[0], passed: true)
        #expect(Self.tasks.allSatisfy { Self.known(table, $0, 1) == [peers[0]] })
    }

    @Test("When no check passes, those before stay in use as suspects, also if discovery does not name them any more")
    func noneHealthy() throws {
        let peers = Self.peers(3)
        var table = Self.table(peers)
        let strangers = [try SeedPeer(name: "x", host: "10.9.9.9")]
        let strange = table.begin(strangers + [try SeedPeer(name: "y", host: "10.9.9.8")], checking: .all)
        table.checked(strange[0], passed: false)
        #expect(table.seedPeers.isEmpty)
        #expect(table.replicas(of: Self.tasks[0], count: 2) == .unchecked, "the other check decides")
        #expect(!table.isOutage)
        table.checked(strange[1], passed: false)
        #expect(table.isOutage)
        #expect(table.seedPeers == peers)
        #expect(Self.known(table, Self.tasks[0], 2)?.count == 2)
        // They are checked as any other, and one that passes is the first choice.
        for check in table.begin(peers, checking: .doubtful) { table.checked(check, passed: check.peer == peers[1]) }
        #expect(Self.tasks.allSatisfy { Self.known(table, $0, 2) == [peers[1]] })
        #expect(!table.isOutage)
        // At the beginning there are none before.
        var first = RingTable()
        for check in first.begin(strangers, checking: .all) { first.checked(check, passed: false) }
        #expect(first.replicas(of: Self.tasks[0], count: 2) == .known([]))
    }

    @Test("A round because of failures checks those that are not known to be healthy, each once at a time")
    func doubtful() throws {
        let peers = Self.peers(4)
        var table = Self.table(Array(peers.prefix(3)))
        let isNews = table.failed(at: peers[0].transportEndpoint)
        let isOld = table.failed(at: peers[0].transportEndpoint)
        #expect(isNews && !isOld)
        let failure = table.lastEvent
        let checks = table.begin(peers, checking: .doubtful)
        #expect(Set(checks.map(\.peer)) == [peers[0], peers[3]])
        let again = table.begin(peers, checking: .doubtful)
        #expect(again.isEmpty, "they are open")
        let all = table.begin(peers, checking: .all)
        #expect(all.count == 4)
        #expect(!table.isConfirmed(peers[3], after: failure))
        for check in all where check.peer != peers[3] { table.checked(check, passed: true) }
        #expect(table.isConfirmed(peers[0], after: failure))
        #expect(table.isConfirmed(peers[1], after: failure), "discovery names it still")
        // A result counts unless that of a later check was there first.
        for check in checks { table.checked(check, passed: check.peer == peers[3]) }
        #expect(table.seedPeers == peers)
    }

    @Test("Where rounds overlap, the last open check decides whether those before stay in use")
    func overlappingRounds() {
        let peers = Self.peers(2)
        var table = Self.table(peers)
        let first = table.begin(peers, checking: .all)
        _ = table.failed(at: peers[0].transportEndpoint)
        let second = table.begin(peers, checking: .doubtful)
        #expect(second.map(\.peer) == [peers[0]])
        for check in first { table.checked(check, passed: false) }
        #expect(table.replicas(of: Self.tasks[0], count: 1) == .unchecked)
        table.checked(second[0], passed: false)
        #expect(table.seedPeers == peers)
    }

    @Test("One whose response is late stays in use until its next check, which it must answer")
    func late() {
        let peers = Self.peers(2)
        var table = Self.table(peers)
        table.late(at: peers[0].transportEndpoint)
        #expect(table.seedPeers == peers)
        let checks = table.begin(peers, checking: .doubtful)
        #expect(checks.map(\.peer) == [peers[0]])
        table.checked(checks[0], passed: false)
        #expect(table.seedPeers == [peers[1]])
    }

    @Test("One that moved keeps its place, and is checked at its new address before it is asked there")
    func moved() throws {
        let peers = Self.peers(3)
        var table = Self.table(peers)
        let task = try #require(Self.tasks.first { Self.known(table, $0, 1) == [peers[1]] })
        let moved = try SeedPeer(name: "p1", host: "10.7.7.7")
        let checks = table.begin([peers[0], moved, peers[2]], checking: .all)
        #expect(table.replicas(of: task, count: 1) == .unchecked)
        // Of the old address nothing counts any more.
        let isNews = table.failed(at: peers[1].transportEndpoint)
        #expect(!isNews)
        for check in checks { table.checked(check, passed: true) }
        #expect(table.replicas(of: task, count: 1) == .known([moved]))
    }

    @Test("Of two with one name the later one counts, and is checked once")
    func sameName() throws {
        var table = RingTable()
        let (first, second) = (try SeedPeer(name: "p", host: "10.0.0.1"), try SeedPeer(name: "p", host: "10.0.0.2"))
        let checks = table.begin([first, second], checking: .all)
        #expect(checks.map(\.peer) == [second])
        table.checked(checks[0], passed: true)
        #expect(table.replicas(of: Self.tasks[0], count: 2) == .known([second]))
    }
}
