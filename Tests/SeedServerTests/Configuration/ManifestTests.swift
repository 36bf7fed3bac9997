import Foundation
import SeedServer
import Testing

@Suite("The manifest for Kubernetes")
struct ManifestTests {
    private let text: String

    init() throws {
        text = try String(
            contentsOf: packageRoot.appending(path: "config/kubernetes/seed-peer.yaml"), encoding: .utf8)
    }

    /// What the ConfigMap holds.
    private func configuration() throws -> SeedPeerConfiguration.Loaded {
        let lines = text.split(separator: "\n", omittingEmptySubsequences: false)
        let start = try #require(lines.firstIndex { $0.hasSuffix("dfdaemon.yaml: |") })
        let block = lines[(start + 1)...].prefix { $0.isEmpty || $0.hasPrefix("    ") }
        return try SeedPeerConfiguration.parse(block.map { $0.dropFirst(4) }.joined(separator: "\n"))
    }

    @Test("Its configuration is accepted, without a word")
    func accepted() throws {
        #expect(try configuration().notices.isEmpty)
    }

    @Test("A pod has the time to leave, to finish responses and to write its index (rule:leave-before-closing)")
    func gracePeriod() throws {
        let configuration = try configuration().configuration
        let match = try #require(text.firstMatch(of: /terminationGracePeriodSeconds: (\d+)/))
        let grace = try Duration.seconds(#require(Int(match.1)))
        #expect(configuration.drainDelay >= .seconds(10))
        #expect(grace >= configuration.drainDelay + configuration.shutdownTimeout + .seconds(15))
    }
}
