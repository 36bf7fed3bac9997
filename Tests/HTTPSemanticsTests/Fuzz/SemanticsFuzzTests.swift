import SeedTestSupport
import Testing

/// Each campaign is cut into parts that run beside each other, each from a seed of its own.
@Suite("Fields under bad input")
struct SemanticsFuzzTests {
    @Test("Whatever a Range says, only bytes of the object come of it", arguments: Seeded.parts)
    func ranges(_ part: Int) {
        #expect(Seeded.complaint(6, part, from: Seeded.ranges) { SemanticsCheck.range($0, &$1) } == nil)
    }

    private static let values = [
        "\"a\", W/\"b\"", "*", "Sun, 06 Nov 1994 08:49:37 GMT", "Sunday, 06-Nov-94 08:49:37 GMT",
        "Sun Nov  6 08:49:37 1994", "bytes 0-9/10", "bytes */5", "no-store, max-age=60, private=\"a, b\"",
        "s-maxage=99999999999999999999", "bytes 0-9/*", "Accept, Accept-Encoding", "120",
    ].map { Array($0.utf8) }

    @Test("Entity tags, dates, Cache-Control and Content-Range take any text without harm", arguments: Seeded.parts)
    func values(_ part: Int) {
        #expect(Seeded.complaint(7, part, from: Self.values) { bytes, _ in SemanticsCheck.values(bytes) } == nil)
    }

    private static let structured = [
        "a;hit;ttl=-3, \"b\\\"\";fwd=miss", "sha-256=:AQI=:, b=(1 2.5 \"x\");q=?0", "@-5;a=%\"f%c3%bc\"", "-1.250",
        "a=1,b,c=?1;y=:AA:, a=*t:/", "999999999999999",
    ].map { Array($0.utf8) }

    @Test("Structured fields that are read can be written and read again", arguments: Seeded.parts)
    func structured(_ part: Int) {
        #expect(
            Seeded.complaint(8, part, from: Self.structured) { bytes, _ in SemanticsCheck.structured(bytes) } == nil)
    }

    private static let fields = [
        "Content-Length", "X-Dragonfly-Tag", "x-own", "a value, \"b\"", " v ", "\u{e9}", "te",
    ].map { Array($0.utf8) }

    @Test("No octets make a field that breaks out of its line", arguments: Seeded.parts)
    func fields(_ part: Int) {
        #expect(Seeded.complaint(9, part, from: Self.fields) { bytes, _ in SemanticsCheck.fields(bytes) } == nil)
    }
}
