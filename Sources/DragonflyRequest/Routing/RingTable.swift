/// The seed peers that discovery names, what is known of their health, and the ring of their names. A value without I/O.
///
/// The ring has all names. A seed peer that is down is passed over on the way round it, which finds the same seed peers
/// as a ring without its name.
struct RingTable: Sendable {
    private enum Standing {
        /// Never checked at this address. A request that needs to know waits for the check.
        case unchecked
        case healthy
        /// It failed a request, and is asked only where no other replica can be, until its check tells more.
        case suspect
        case failed
    }

    private struct Member {
        let peer: SeedPeer
        var standing = Standing.unchecked
        /// A check that only connects is not enough: it failed a request, though it may accept connections.
        var mustAnswer = false
        /// The last check that was made; nil when its result is there.
        var openCheck: Check?
        /// The event that made the last check whose result counted.
        var judgedBy = 0
        /// The event that found it healthy last: a check, or discovery that names it still.
        var confirmedAt = 0

        var isInUse: Bool { standing == .healthy || standing == .suspect }

        mutating func judge(_ check: Check, passed: Bool, at event: Int) {
            judgedBy = check.event
            if openCheck == check { openCheck = nil }
            // It failed a request since, which this check would not have noticed.
            if passed, mustAnswer, !check.mustAnswer { return }
            standing = passed ? .healthy : .failed
            if passed { (mustAnswer, confirmedAt) = (false, event) }
        }
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
        /// The number of the event that made it. A result counts unless that of a later check was there first.
        let event: Int
    }

    /// Which seed peers a round checks.
    enum Scope {
        case all
        /// Those that are not known to be healthy.
        case doubtful
    }

    /// Keyed by the bytes of the name: Swift's `==` ignores Unicode normalization, the ring doesn't.
    private var members: [[UInt8]: Member] = [:]
    private var ring = SeedPeerRing([])
    /// The last ones that were in use before a round.
    private var before: (members: [[UInt8]: Member], ring: SeedPeerRing)?
    /// Numbers what happens.
    private(set) var lastEvent = 0
    /// The last checks found none healthy; those in use are the ones before.
    private(set) var isOutage = false

    /// Those in use, by name.
    var seedPeers: [SeedPeer] {
        members.values.filter(\.isInUse).map(\.peer).sorted { $0.name.utf8.lexicographicallyPrecedes($1.name.utf8) }
    }

    private var isAnyInUse: Bool { members.values.contains(where: \.isInUse) }

    /// Whether every seed peer was checked once.
    var isChecked: Bool { members.values.allSatisfy { $0.standing != .unchecked } }

    /// Whether the seed peer was found healthy after that event.
    func isConfirmed(_ peer: SeedPeer, after event: Int) -> Bool {
        members[Array(peer.name.utf8)].map { $0.peer == peer && $0.isInUse && $0.confirmedAt > event } ?? false
    }

    /// Up to `count` seed peers, clockwise from the task. Of those a suspect is left out, unless all are.
    func replicas(of task: DragonflyTask, count: Int) -> Replicas {
        // The last check that is open decides whether those before stay in use.
        if before != nil, !isAnyInUse { return .unchecked }
        var asked = count
        while true {
            let names = ring.names(for: task, replicas: asked)
            if let found = replicas(among: names, count: count, isAll: asked >= members.count) { return found }
            asked = asked > Int.max / 2 ? .max : asked * 2
        }
    }

    /// - Parameter isAll: whether these are all names.
    /// - Returns: nil when more must be looked at.
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
        return .known(healthy.isEmpty ? Array(suspects.prefix(count)) : healthy)
    }
}

/// Rounds.
extension RingTable {
    /// Discovery names these seed peers; of two with one name the later one counts. Those that stay where they were keep
    /// their standing until they are checked again.
    /// - Parameter scope: which of them are checked; nil: each counts as healthy, but for those that must answer.
    /// - Returns: the checks to make. A doubtful seed peer whose check is open still is not among them.
    mutating func begin(_ found: [SeedPeer], checking scope: Scope?) -> [Check] {
        lastEvent += 1
        if isAnyInUse { before = (members, ring) }
        var next: [[UInt8]: Member] = [:]
        for peer in found {
            let name = Array(peer.name.utf8)
            next[name] = members[name].flatMap { $0.peer == peer ? $0 : nil } ?? Member(peer: peer)
        }
        if next.keys != members.keys { ring = SeedPeerRing(found.map(\.name)) }
        members = next
        var checks: [Check] = []
        update(where: { _ in true }) { [lastEvent] member in
            let isOpen = member.openCheck?.mustAnswer == member.mustAnswer
            let isDoubtful = member.mustAnswer || scope != nil && member.standing != .healthy
            if scope == .all || isDoubtful && !isOpen {
                let check = Check(peer: member.peer, mustAnswer: member.mustAnswer, event: lastEvent)
                member.openCheck = check
                checks.append(check)
            } else if scope == nil ? !member.mustAnswer : member.standing == .healthy {
                (member.standing, member.confirmedAt) = (.healthy, lastEvent)
            }
        }
        settle()
        return checks
    }

    /// A check has its result.
    mutating func checked(_ check: Check, passed: Bool) {
        lastEvent += 1
        let name = Array(check.peer.name.utf8)
        if let member = members[name], member.peer == check.peer, member.judgedBy < check.event {
            members[name]?.judge(check, passed: passed, at: lastEvent)
        }
        if passed { isOutage = false }
        settle()
    }

    /// When the last check leaves no seed peer in use, those before are better than none: as suspects, since a failure of all
    /// may well be this side's.
    private mutating func settle() {
        guard let before, !isAnyInUse, members.values.allSatisfy({ $0.openCheck == nil }) else { return }
        let now = members
        (members, ring) = before
        self.before = nil
        isOutage = true
        update(where: { _ in true }) { member in
            let same = now[Array(member.peer.name.utf8)].flatMap { $0.peer == member.peer ? $0 : nil }
            member.standing = member.isInUse ? .suspect : .failed
            member.openCheck = nil
            member.mustAnswer = member.mustAnswer || same?.mustAnswer == true
        }
    }

    private mutating func update(where applies: (Member) -> Bool, _ change: (inout Member) -> Void) {
        for name in Array(members.keys) {
            if let member = members[name], applies(member) { change(&members[name]!) }
        }
    }
}

/// Requests that fail.
extension RingTable {
    /// A request found no connection, or no HTTP.
    /// - Returns: whether that is news.
    mutating func failed(at endpoint: Endpoint) -> Bool {
        demote(.suspect, where: { $0.peer.transportEndpoint == endpoint && $0.isInUse })
    }

    /// A request got no response in time. That is perhaps the origin's fault: the next check tells.
    mutating func late(at endpoint: Endpoint) {
        update(where: { $0.peer.transportEndpoint == endpoint }) { $0.mustAnswer = true }
    }

    /// A request got no byte, and the seed peer answered no other one either.
    /// - Returns: whether that is news.
    mutating func silent(at endpoint: Endpoint) -> Bool {
        let others = members.values.contains { $0.standing == .healthy && $0.peer.transportEndpoint != endpoint }
        // The last one stays in use: there is no other to ask.
        let standing = others ? Standing.failed : .suspect
        return demote(standing, where: { $0.peer.transportEndpoint == endpoint && $0.isInUse })
    }

    private mutating func demote(_ standing: Standing, where applies: (Member) -> Bool) -> Bool {
        lastEvent += 1
        var isNews = false
        update(where: applies) { member in
            isNews = isNews || member.standing != standing
            member.standing = standing
            member.mustAnswer = true
        }
        return isNews
    }
}
