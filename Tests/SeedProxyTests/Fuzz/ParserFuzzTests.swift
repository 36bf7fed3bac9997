import SeedTestSupport
import Testing

/// Each campaign is cut into parts that run beside each other, each from a seed of its own.
@Suite("Parsers under bad input")
struct ParserFuzzTests {
    private static let ranges = [
        "bytes=0-1", "bytes=-5,1-", "bytes=0-0,2-9, -1,,7-", "bytes=9223372036854775807-", "items=1-2",
    ].map { Array($0.utf8) }

    @Test(
        "Whatever a Range says, only bytes of the object come out, in parts that neither overlap nor touch",
        arguments: Seeded.parts)
    func ranges(_ part: Int) {
        campaign(3, part, from: Self.ranges) { ParserCheck.range($0, &$1) }
    }

    private static let urls = [
        "http://h:80/a?b#c", "https://[::1]/", "/v2/x?ns=docker.io", "http://u@h/", "/v2/?ns=https%3A%2F%2Fh",
    ].map { Array($0.utf8) }

    @Test("URLs and registries are taken apart or refused, never believed", arguments: Seeded.parts)
    func urls(_ part: Int) {
        campaign(5, part, from: Self.urls) { bytes, _ in ParserCheck.url(bytes) }
    }

    /// Spoils the examples, most of the time, and has them checked.
    private func campaign(
        _ number: UInt64, _ part: Int, from examples: [[UInt8]],
        _ check: (_ bytes: [UInt8], _ random: inout Seeded) -> String?
    ) {
        var random = Seeded(Seeded.seed(number, part))
        for _ in 0..<Seeded.inputs {
            var bytes = random.pick(examples)
            if !random.chance(1, in: 10) { Mutation.apply(to: &bytes, &random) }
            if let wrong = check(bytes, &random) { return fail(bytes, wrong) }
        }
    }

    /// Tells what went wrong, and with what; the caller ends its campaign.
    private func fail(_ bytes: [UInt8], _ wrong: String) {
        Issue.record("\(String(decoding: bytes, as: UTF8.self).debugDescription): \(wrong)")
    }
}
