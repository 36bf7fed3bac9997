import SeedSupport

/// How many connections each client has open, over all loops. A client is an IPv4 address or an IPv6 /64: one host can
/// use any number of addresses in it.
final class ClientCounts: Sendable {
    private let counts = Lock<[Client: Int]>([:])
    private let limit: Int

    private enum Client: Hashable {
        case v4(UInt32)
        case v6(network: UInt64)

        init(_ address: IPAddress) {
            switch address {
            case .v4(let bits): self = .v4(bits)
            case .v6(let high, _): self = .v6(network: high)
            }
        }
    }

    /// - Parameter limit: 0 means no limit.
    init(limit: Int) {
        self.limit = limit
    }

    /// False when the client is at its limit. Each true must be matched by `leave`.
    func enter(_ address: IPAddress) -> Bool {
        guard limit > 0 else { return true }
        let client = Client(address)
        return counts.withLock { counts in
            let count = counts[client, default: 0]
            guard count < limit else { return false }
            counts[client] = count + 1
            return true
        }
    }

    func leave(_ address: IPAddress) {
        guard limit > 0 else { return }
        let client = Client(address)
        counts.withLock { counts in
            let count = counts[client, default: 1] - 1
            counts[client] = count > 0 ? count : nil
        }
    }
}
