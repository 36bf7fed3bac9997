/// Dragonfly's consistent hash ring: which hosts serve which task.
///
/// Hosts stand on the ring by name, each at as many positions as it has virtual nodes. All programs that build a ring
/// of the same names agree on the hosts of every task, and a host that joins or leaves moves only its own share.
public struct HashRing: Sendable {
    /// What all of Dragonfly's programs use.
    public static let virtualNodesPerHost = 512

    /// One position of one host.
    struct VirtualNode {
        let position: UInt64
        /// In `names`.
        let host: Int32
        let number: Int32
    }

    /// Each name once, in the order given.
    public let names: [String]
    /// By position, ascending.
    private let nodes: [VirtualNode]

    /// A name that comes twice counts once. Names are bytes: Unicode equivalence does not make two the same.
    public init(_ names: some Sequence<String>, virtualNodesPerHost: Int = HashRing.virtualNodesPerHost) {
        var seen: Set<[UInt8]> = []
        let names = names.filter { seen.insert(Array($0.utf8)).inserted }
        self.names = names
        // Equal positions keep the order of the names: the standard library's sort is stable.
        nodes = names.indices
            .flatMap { HashRing.nodes(ofHost: $0, named: names[$0], count: virtualNodesPerHost) }
            .sorted { $0.position < $1.position }
    }

    /// The hosts of a task: up to `count` different names, clockwise from the task's position.
    public func hosts(for task: TaskID, count: Int) -> [String] {
        task.withUTF8 { hosts(forKey: $0, count: count) }
    }

    /// The same for a key of any text.
    public func hosts(forKey key: some StringProtocol, count: Int) -> [String] {
        Array(key.utf8).withUnsafeBytes { hosts(forKey: $0, count: count) }
    }

    private func hosts(forKey key: UnsafeRawBufferPointer, count: Int) -> [String] {
        let wanted = min(count, names.count)
        guard wanted > 0 else { return [] }
        var found: [Int32] = []
        found.reserveCapacity(wanted)
        var index = firstIndex(atOrAfter: HashRing.position(ofKey: key))
        while found.count < wanted {
            if !found.contains(nodes[index].host) { found.append(nodes[index].host) }
            index = index + 1 == nodes.count ? 0 : index + 1
        }
        return found.map { names[Int($0)] }
    }

    /// Past the last position the ring begins again.
    private func firstIndex(atOrAfter position: UInt64) -> Int {
        var low = 0
        var high = nodes.count
        while low < high {
            let middle = (low + high) / 2
            if nodes[middle].position < position { low = middle + 1 } else { high = middle }
        }
        return low == nodes.count ? 0 : low
    }
}

extension HashRing {
    /// SipHash of the key's bytes and one 0xFF, as Rust's `Hash` writes a text.
    static func position(ofKey key: UnsafeRawBufferPointer) -> UInt64 {
        withUnsafeTemporaryAllocation(byteCount: key.count + 1, alignment: 8) { input in
            input.copyMemory(from: key)
            input[key.count] = 0xFF
            var hash = SipHash()
            return hash.hash(UnsafeRawBufferPointer(input))
        }
    }

    /// SipHash of the number in 8 bytes, little-endian, and the name as for a key.
    static func position(ofNode number: Int, named name: String) -> UInt64 {
        let number = Swift.withUnsafeBytes(of: UInt64(number).littleEndian) { Array($0) }
        return (number + name.utf8).withUnsafeBytes { position(ofKey: $0) }
    }

    private static func nodes(ofHost host: Int, named name: String, count: Int) -> [VirtualNode] {
        (0..<count).map { number in
            VirtualNode(
                position: position(ofNode: number, named: name), host: Int32(host), number: Int32(number))
        }
    }

    /// The virtual nodes clockwise from a key as `name|number`, for people and tests.
    func virtualNodes(fromKey key: String, count: Int) -> [String] {
        guard !nodes.isEmpty else { return [] }
        let start = Array(key.utf8).withUnsafeBytes { firstIndex(atOrAfter: HashRing.position(ofKey: $0)) }
        return (start..<start + count).map { label(of: nodes[$0 % nodes.count]) }
    }

    /// All virtual nodes in ring order: position and `name|number`.
    var layout: [(position: UInt64, label: String)] {
        nodes.map { ($0.position, label(of: $0)) }
    }

    private func label(of node: VirtualNode) -> String {
        "\(names[Int(node.host)])|\(node.number)"
    }
}
