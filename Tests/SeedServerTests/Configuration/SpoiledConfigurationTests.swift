import SeedTestSupport
import Testing

@testable import SeedServer

@Suite("Configurations under bad input")
struct SpoiledConfigurationTests {
    private static let words = [
        "proxy:", " rules:", " - regex: '.*'", "{", "}", "[", "]", "'", "\n", "  ", "port: 1", ": ", "&a", "*a", "!!",
        "timeout: 1s", "\u{1F980}", "99999999999999999999", "revalidateAfter: ", "|", "- ", "block_list:", "urls: ",
    ]
    private static let texts = [
        "proxy: {server: {port: 1}, rules: [{regex: 'a', useTLS: true}], revalidateAfter: 5m}",
        "storage:\n  dir: /x\n  taskSizeLimit: 1GiB\n", "backend:\n  allowAddresses: [10.0.0.0/8, '::1']\n",
        "seed_client_config: {block_list: {task: {download: {tags: [a], urls: ['b'], priorities: [1]}}}}",
    ].map { Array($0.utf8) }

    @Test(
        "No text crashes the readers of the configuration and the block list, and each refusal has a reason",
        arguments: Seeded.parts)
    func spoiled(_ part: Int) {
        var random = Seeded(Seeded.seed(7, part))
        for number in 0..<Seeded.inputs / 5 {
            var bytes = number.isMultiple(of: 2) ? random.pick(Self.texts) : wordsInARow(&random)
            Mutation.apply(to: &bytes, &random)
            let text = String(decoding: bytes, as: UTF8.self)
            do {
                _ = try SeedPeerConfiguration.parse(text)
            } catch {
                #expect(!error.description.isEmpty, "\(text.debugDescription)")
            }
            _ = try? BlockListFile.parse(text)
        }
    }

    private func wordsInARow(_ random: inout Seeded) -> [UInt8] {
        (0..<1 + random.below(12)).flatMap { _ in Array(random.pick(Self.words).utf8) }
    }
}
