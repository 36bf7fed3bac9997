import SeedTestSupport
import Testing

/// Each campaign is cut into parts that run beside each other, each from a seed of its own.
@Suite("Parsers under bad input")
struct ParserFuzzTests {
    @Test(
        "Whatever a Range says, only bytes of the object come out, in parts that neither overlap nor touch",
        arguments: Seeded.parts)
    func ranges(_ part: Int) {
        #expect(Seeded.complaint(3, part, from: Seeded.ranges) { ParserCheck.range($0, &$1) } == nil)
    }

    private static let urls = [
        "http://h:80/a?b#c", "https://[::1]/", "/v2/x?ns=docker.io", "http://u@h/", "/v2/?ns=https%3A%2F%2Fh",
    ].map { Array($0.utf8) }

    @Test("URLs and registries are taken apart or refused, never believed", arguments: Seeded.parts)
    func urls(_ part: Int) {
        #expect(Seeded.complaint(5, part, from: Self.urls) { bytes, _ in ParserCheck.url(bytes) } == nil)
    }
}
