import Foundation
import SeedTestSupport
import Testing

@Suite("The end of a program")
struct ExitTests {
    private static let program = SeedPeerProcess.program.deletingLastPathComponent().appending(path: "ExitingClient")

    @Test("A program that exits while a client is at work exits cleanly, 40 times, 200 with SEED_SOAK")
    func exits() async throws {
        let peer = try await blocking { try TunnelPeer() }
        defer { peer.stop() }
        for run in 0..<(Seeded.isSoak ? 200 : 40) {
            let outcome = try await blocking {
                try ChildProcess.run(Self.program.path, [peer.url, "https://origin.test/f", "\(run % 40 * 250)"])
            }
            #expect(outcome.code == 0, "run \(run): \(outcome.errors)")
            guard outcome.code == 0 else { return }
        }
    }
}
