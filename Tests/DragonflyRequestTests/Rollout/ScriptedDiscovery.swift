import DragonflyRequest
import SeedSupport
import SeedTestSupport

/// Names the seed peers that it is told; with none it throws.
final class ScriptedDiscovery: SeedPeerDiscovery {
    struct Down: Error {}

    let answer: Lock<[SeedPeer]?>
    let asked = Lock(0)
    private let changed = Signal()

    init(_ peers: [SeedPeer]?) { answer = Lock(peers) }

    /// Waits until it has been asked so many times.
    func isAsked(_ times: Int) async throws -> Bool {
        try await blocking {
            self.changed.wait(within: 20) { self.asked.withLock { $0 >= times ? true : nil } } ?? false
        }
    }

    func seedPeers() async throws -> [SeedPeer] {
        asked.withLock { $0 += 1 }
        changed.notify()
        guard let peers = answer.withLock({ $0 }) else { throw Down() }
        return peers
    }
}
