/// The seed peers that discovery names, what is known of their health, and the ring of their names. A value without I/O.
///
/// The ring has all names. A seed peer that is down is passed over on the way round it, which finds the same seed peers
/// as a ring without its name.
struct RingTable: Sendable {
    private enum Standing {
        /// Never checked at this address. Whoever needs to know waits for the check.
        case unchecked
        case healthy
        /// It failed a request, and is asked only where no other replica can be, until its check tells more.
        case suspect
        case failed
    }

    private struct Member {
        var peer: SeedPeer
        var standing = Standing.unchecked
        /// A check that only connects is not enough: it failed a request, though it may accept connections.
        var mustAnswer = false
        /// Its check of the present round is open.
        var isBeingChecked = false
        /// The round that found it healthy last.
        var confirmedIn = 0

        var isInUse: Bool { standing == .healthy || standing == .suspect }
    }

    /// What a lookup finds.
    enum Replicas: Equatable {
        /// In ring order; empty when no seed peer can be used.
        case known([SeedPeer])
        /// A seed peer that may be one of them was never checked.
        case unchecked
    }

    /// A seed peer to check in a round.
    struct Check: Hashable, Sendable {
        let peer: SeedPeer
        /// Whether it must answer a request, whatever else its check is.
        let mustAnswer: Bool
    }

    /// Keyed by the bytes of the name: Swift's `==` ignores Unicode normalization, the ring doesn't.
    private var members: [[UInt8]: Member] = [:]
    private var ring = SeedPeerRing([])
    /// Rounds that have begun.
    private var round = 0
    /// Rounds that have ended.
    private(set) var endedRounds = 0
    /// What there was before the present round.
    private var before: (members: [[UInt8]: Member], ring: SeedPeerRing)?

    /// Those in use, by name.
    var seedPeers: [SeedPeer] {
        members.values.filter(\.isInUse).map(\.peer)
            .sorted { $0.name.utf8.lexicographicallyPrecedes($1.name.utf8) }
    }

    /// Whether every seed peer was checked once.
    var isChecked: Bool { members.values.allSatisfy { $0.standing != .unchecked } }

    /// Whether the seed peer was found healthy in a round after that one.
    func isConfirmed(_ peer: SeedPeer, after round: Int) -> Bool {
        members[Array(peer.name.utf8)].map { $0.peer == peer && $0.isInUse && $0.confirmedIn > round } ?? false
    }

    /// Up to `count` seed peers, clockwise from the task. Of those a suspect is left out, unless all are.
    func replicas(of task: DragonflyTask, count: Int) -> Replicas {
        var asked = count
        while true {
            let names = ring.names(for: task, replicas: asked)
            let found = replicas(among: names, count: count, isAll: names.count < asked || asked >= members.count)
            if let found { return found }
            asked = asked > Int.max / 2 ? .max : asked * 2
        }
    }

    /// Nil when more names must be looked at.
    private func replicas(among names: [String], count: Int, isAll: Bool) -> Replicas? {
        var (healthy, suspects): ([SeedPeer], [SeedPeer]) = ([], [])
        for member in names.lazy.compactMap({ members[Array($0.utf8)] }) {
            switch member.standing {
            case .unchecked: return .unchecked
            case .healthy: healthy.append(member.peer)
            case .suspect: suspects.append(member.peer)
            case .failed: continue
            }
            if healthy.count + suspects.count >= count, !healthy.isEmpty { return .known(healthy) }
        }
        guard isAll else { return nil }
        return .known(healthy.isEmpty ? suspects : healthy)
    }
}

/// What happens.
extension RingTable {
    /// Discovery names these seed peers; of two with one name the later one counts. Those that stay where they were keep
    /// their standing until they are checked again.
    /// - Parameter areChecked: false if each counts as healthy.
    /// - Returns: the checks to make.
    mutating func begin(_ found: [SeedPeer], areChecked: Bool) -> [Check] {
        before = (members, ring)
        round += 1
        var next: [[UInt8]: Member] = [:]
        for peer in found {
            let name = Array(peer.name.utf8)
            next[name] = members[name].flatMap { $0.peer == peer ? $0 : nil } ?? Member(peer: peer)
        }
        if next.keys != members.keys { ring = SeedPeerRing(found.map(\.name)) }
        members = next
        var checks: [Check] = []
        for (name, member) in members {
            let isOpen = areChecked || member.mustAnswer
            members[name]?.isBeingChecked = isOpen
            if isOpen {
                checks.append(Check(peer: member.peer, mustAnswer: member.mustAnswer))
            } else {
                members[name]?.standing = .healthy
                members[name]?.confirmedIn = round
            }
        }
        return checks
    }

    /// A check of the round has its result.
    mutating func checked(_ check: Check, passed: Bool) {
        update(where: { $0.peer == check.peer && $0.isBeingChecked }) { [round] member in
            member.isBeingChecked = false
            // It failed a request since, which this check would not have noticed.
            if passed, member.mustAnswer, !check.mustAnswer { return }
            member.standing = passed ? .healthy : .failed
            if passed { (member.mustAnswer, member.confirmedIn) = (false, round) }
        }
    }

    /// The round is over. When no seed peer is healthy, those before it stay in use.
    mutating func end() {
        if !members.values.contains(where: \.isInUse), let before, before.members.values.contains(where: \.isInUse) {
            (members, ring) = before
        }
        before = nil
        endedRounds = round
    }

    /// A request found no connection, or no HTTP.
    mutating func failed(at endpoint: Endpoint) {
        update(where: { $0.peer.transportEndpoint == endpoint && $0.standing == .healthy }) { member in
            member.standing = .suspect
            member.mustAnswer = true
        }
    }

    /// A request got no byte, and the seed peer answered no other one either.
    mutating func silent(at endpoint: Endpoint) {
        let others = members.values.contains { $0.standing == .healthy && $0.peer.transportEndpoint != endpoint }
        update(where: { $0.peer.transportEndpoint == endpoint }) { member in
            // The last one stays in use: there is no other to ask.
            member.standing = others ? .failed : .suspect
            member.mustAnswer = true
        }
    }

    private mutating func update(where applies: (Member) -> Bool, _ change: (inout Member) -> Void) {
        for (name, member) in members where applies(member) {
            var member = member
            change(&member)
            members[name] = member
        }
    }
}
