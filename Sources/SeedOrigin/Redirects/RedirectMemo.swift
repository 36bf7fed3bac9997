package import SeedSupport

/// Where redirects lead, remembered for each URL and credential, so that all spans of a task share one resolution from
/// a registry to its object store. Pure logic, no I/O: the driver acts on what it returns.
///
/// An entry ends before the signature in its target does, and at the latest after `timeToLive`. A target that refuses
/// is asked for anew by one request, for which the others wait.
package struct RedirectMemo {
    package struct Key: Hashable, Sendable {
        package let url: String
        package let credential: Credential

        package init(url: String, credential: Credential) {
            self.url = url
            self.credential = credential
        }
    }

    package struct Target: Equatable, Sendable {
        package let url: String
        /// The redirects left the first origin, so no credential may be sent there.
        package let crossedOrigins: Bool
        /// Distinguishes this resolution from earlier ones of the same key.
        package let serial: UInt64
    }

    package enum Route: Equatable, Sendable {
        /// Nothing is remembered: request the URL itself.
        case unknown
        case target(Target)
        /// Request the URL itself; others wait for the result. `learn` or `end` must follow.
        case resolve
        /// Another request is resolving; `learn` or `end` will release this one.
        case wait
    }

    private struct Entry {
        var target: Target
        var expiresAt: Timestamp
        var usedAt: UInt64
        var resolver: UInt64?
        var waiting: [UInt64] = []
    }

    private let capacity: Int
    private let timeToLive: Duration
    private var entries: [Key: Entry] = [:]
    private var clock: UInt64 = 0

    /// - Parameters:
    ///   - capacity: entries kept; the least recently used go first.
    ///   - timeToLive: zero remembers nothing.
    package init(capacity: Int = 4096, timeToLive: Duration) {
        self.capacity = capacity
        self.timeToLive = timeToLive
    }

    package var count: Int { entries.count }

    /// Where request `id` goes.
    package mutating func route(_ id: UInt64, _ key: Key, now: Timestamp) -> Route {
        guard var entry = entries[key] else { return .unknown }
        clock += 1
        entry.usedAt = clock
        defer { entries[key] = entry }
        if entry.resolver == id { return .resolve }
        if entry.resolver != nil {
            entry.waiting.append(id)
            return .wait
        }
        if now < entry.expiresAt { return .target(entry.target) }
        entry.resolver = id
        return .resolve
    }

    /// Request `id` was led to `url` and got a response there that makes it worth remembering.
    /// - Returns: the requests that waited for it; `route` sends them there.
    package mutating func learn(
        _ id: UInt64, _ key: Key, url: String, crossedOrigins: Bool, now: Timestamp
    ) -> [UInt64] {
        clock += 1
        let released = entries[key]?.waiting ?? []
        let expiresAt = end(of: url, now: now)
        // An entry that expires at once is kept only for its waiters.
        guard expiresAt > now || !released.isEmpty else {
            entries[key] = nil
            return []
        }
        let target = Target(url: url, crossedOrigins: crossedOrigins, serial: clock)
        entries[key] = Entry(target: target, expiresAt: max(expiresAt, now + .seconds(1)), usedAt: clock)
        makeRoom()
        return released
    }

    /// The target may be to blame for this response: from `time` on it is resolved again.
    package mutating func doubt(_ key: Key, _ target: Target, from time: Timestamp = Timestamp(milliseconds: 0)) {
        guard let entry = entries[key], entry.target.serial == target.serial else { return }
        entries[key]?.expiresAt = min(entry.expiresAt, time)
    }

    /// Request `id` is over. If it was resolving and failed, its waiters proceed on their own.
    package mutating func end(_ id: UInt64, _ key: Key) -> [UInt64] {
        guard let entry = entries[key], entry.resolver == id else { return [] }
        entries[key] = nil
        return entry.waiting
    }

    /// The signature's end less a margin: a minute, or a quarter of a short life, for clocks that differ and bodies
    /// that take their time to be asked for.
    private func end(of url: String, now: Timestamp) -> Timestamp {
        let latest = now + timeToLive
        guard let expiry = SignedURL.expiry(of: url) else { return latest }
        return min(latest, expiry - min(.seconds(60), max(.zero, expiry - now) / 4))
    }

    /// Drops a quarter at once when full, so that finding the oldest costs little for each.
    private mutating func makeRoom() {
        guard entries.count > capacity else { return }
        let idle = entries.filter { $0.value.resolver == nil }.sorted { $0.value.usedAt < $1.value.usedAt }
        for (key, _) in idle.prefix(max(1, capacity / 4)) { entries[key] = nil }
    }
}
