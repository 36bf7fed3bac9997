import DragonflyIdentity
import SeedStorage

/// An order of eviction. `touch` is told of every read of a piece that is held, `insert` of every piece that comes in.
package protocol Candidate {
    static var name: String { get }
    init()
    mutating func touch(_ piece: Int)
    mutating func insert(_ piece: Int, bytes: Int)
    /// Removes the next victim.
    mutating func victim() -> Int?
}

/// Pieces in doubly linked lists over one array.
struct Lists {
    struct Node {
        var piece = 0
        var bytes = 0
        var previous = -1
        var next = -1
        var list = 0
        var frequency = 0
    }

    var nodes: [Node] = []
    var index: [Int: Int] = [:]
    private var spare: [Int] = []
    /// For each list its newest and oldest node and its bytes.
    var heads: [Int]
    var tails: [Int]
    var bytes: [Int]

    init(_ count: Int) {
        heads = Array(repeating: -1, count: count)
        tails = heads
        bytes = Array(repeating: 0, count: count)
    }

    mutating func add(_ piece: Int, bytes size: Int, to list: Int) {
        let node = spare.popLast() ?? nodes.count
        if node == nodes.count { nodes.append(Node()) }
        nodes[node] = Node(piece: piece, bytes: size)
        index[piece] = node
        link(node, list)
    }

    mutating func link(_ node: Int, _ list: Int) {
        nodes[node].list = list
        nodes[node].previous = -1
        nodes[node].next = heads[list]
        if heads[list] >= 0 { nodes[heads[list]].previous = node } else { tails[list] = node }
        heads[list] = node
        bytes[list] += nodes[node].bytes
    }

    mutating func unlink(_ node: Int) {
        let (previous, next, list) = (nodes[node].previous, nodes[node].next, nodes[node].list)
        if previous >= 0 { nodes[previous].next = next } else { heads[list] = next }
        if next >= 0 { nodes[next].previous = previous } else { tails[list] = previous }
        bytes[list] -= nodes[node].bytes
    }

    mutating func move(_ node: Int, to list: Int) {
        unlink(node)
        link(node, list)
    }

    mutating func remove(_ node: Int) -> Int {
        unlink(node)
        spare.append(node)
        index[nodes[node].piece] = nil
        return nodes[node].piece
    }
}

package struct LRU: Candidate {
    package static let name = "LRU"
    private var lists = Lists(1)

    package init() {}

    package mutating func touch(_ piece: Int) { lists.index[piece].map { lists.move($0, to: 0) } }
    package mutating func insert(_ piece: Int, bytes: Int) { lists.add(piece, bytes: bytes, to: 0) }
    package mutating func victim() -> Int? { lists.tails[0] < 0 ? nil : lists.remove(lists.tails[0]) }
}

/// One queue; a hand walks from the oldest to the newest, forgives what was read since, and takes the first that was not.
package struct SIEVE: Candidate {
    package static let name = "SIEVE"
    private var lists = Lists(1)
    private var hand = -1

    package init() {}

    package mutating func touch(_ piece: Int) { lists.index[piece].map { lists.nodes[$0].frequency = 1 } }
    package mutating func insert(_ piece: Int, bytes: Int) { lists.add(piece, bytes: bytes, to: 0) }

    package mutating func victim() -> Int? {
        var at = hand >= 0 ? hand : lists.tails[0]
        guard at >= 0 else { return nil }
        while lists.nodes[at].frequency > 0 {
            lists.nodes[at].frequency = 0
            at = lists.nodes[at].previous >= 0 ? lists.nodes[at].previous : lists.tails[0]
        }
        hand = lists.nodes[at].previous
        return lists.remove(at)
    }
}

/// The store's own policy.
package struct SegmentedLRU: Candidate {
    package static let name = "segmented LRU"
    private var policy = EvictionPolicy(limit: .max)
    /// Traces have no timestamps: each read is so much later than the one before that it counts as a use of its own.
    private var second: UInt32 = 1
    private let key = StoreKey(bytes: [UInt8](repeating: 7, count: 32))

    package init() {}

    /// Pieces that are held.
    package var count: Int { policy.count }

    package mutating func touch(_ piece: Int) { insert(piece, bytes: 0) }

    package mutating func insert(_ piece: Int, bytes: Int) {
        second += 30
        policy.use(name(piece), bytes: Int64(bytes), at: second)
    }

    package mutating func victim() -> Int? { policy.victim().map { Int($0.name.file.generation) } }

    private func name(_ piece: Int) -> PieceName {
        guard let key else { preconditionFailure("32 bytes make a key") }
        return PieceName(file: FileName(key: key, generation: UInt64(piece)), number: 0)
    }
}

/// A small queue through which all must pass, a main one for what was read there, and a memory of what fell out.
package struct S3FIFO: Candidate {
    package static let name = "S3-FIFO"
    private var lists = Lists(2)
    private var ghosts: [Int: Int] = [:]
    private var ghostQueue: [(piece: Int, stamp: Int)] = []
    private var ghostHead = 0
    private var stamp = 0

    package init() {}

    package mutating func touch(_ piece: Int) {
        lists.index[piece].map { lists.nodes[$0].frequency = min(3, lists.nodes[$0].frequency + 1) }
    }

    package mutating func insert(_ piece: Int, bytes: Int) {
        lists.add(piece, bytes: bytes, to: ghosts.removeValue(forKey: piece) == nil ? 0 : 1)
    }

    package mutating func victim() -> Int? {
        while true {
            let small = lists.bytes[0] * 10 > lists.bytes[0] + lists.bytes[1] || lists.tails[1] < 0
            let node = lists.tails[small ? 0 : 1]
            guard node >= 0 else { return nil }
            let frequency = lists.nodes[node].frequency
            if small {
                if frequency > 0 {
                    lists.nodes[node].frequency = 0
                    lists.move(node, to: 1)
                } else {
                    remember(lists.nodes[node].piece)
                    return lists.remove(node)
                }
            } else if frequency > 0 {
                lists.nodes[node].frequency -= 1
                lists.move(node, to: 1)
            } else {
                return lists.remove(node)
            }
        }
    }

    /// As many as the main queue holds.
    private mutating func remember(_ piece: Int) {
        stamp += 1
        ghosts[piece] = stamp
        ghostQueue.append((piece, stamp))
        while ghostQueue.count - ghostHead > max(lists.index.count, 16) {
            let old = ghostQueue[ghostHead]
            if ghosts[old.piece] == old.stamp { ghosts[old.piece] = nil }
            ghostHead += 1
            if ghostHead > 65_536 {
                ghostQueue.removeFirst(ghostHead)
                ghostHead = 0
            }
        }
    }
}
