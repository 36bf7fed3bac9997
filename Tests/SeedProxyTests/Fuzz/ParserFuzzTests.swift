import DragonflyIdentity
import HTTPTypes
import NIOCore
import SeedEngine
import SeedOrigin
import Testing

@testable import SeedProxy

@Suite("Parsers under bad input")
struct ParserFuzzTests {
    /// What a reader makes of some bytes, whatever the cuts.
    private struct Outcome: Equatable {
        var heads: [String] = []
        var body: [UInt8] = []
        var ends = 0
        var refusal: Int?
    }

    private func read(_ bytes: [UInt8], cuts random: inout Seeded, whole: Bool) -> Outcome {
        var reader = RequestReader()
        var outcome = Outcome()
        var start = 0
        while start < bytes.count {
            let end = whole ? bytes.count : min(bytes.count, start + Int.random(in: 1...40, using: &random))
            reader.receive(ByteBuffer(bytes: bytes[start..<end]))
            start = end
            while let part = reader.next() {
                switch part {
                case .head(let head): outcome.heads.append("\(head.methodText) \(head.target)")
                case .body(let bytes): outcome.body += bytes.readableBytesView
                case .end: outcome.ends += 1
                case .malformed(let refusal): outcome.refusal = refusal.status
                }
            }
        }
        return outcome
    }

    @Test("Every valid request is read, whatever the cuts, and its body to the byte")
    func valid() {
        var generator = RequestGenerator(seed: 1)
        for number in 0..<Seeded.inputs {
            let made = generator.request()
            let outcome = read(Array(made.text.utf8), cuts: &generator.random, whole: number.isMultiple(of: 2))
            guard outcome.heads == ["\(made.method) \(made.target)"], outcome.body == Array(made.body.utf8),
                outcome.refusal == nil
            else { return fail("input \(number): \(made.text.debugDescription) gave \(outcome)") }
        }
    }

    @Test("No bytes crash or hang the reader, cuts change nothing, and every refusal is one of the table")
    func spoiled() {
        var generator = RequestGenerator(seed: 2)
        for number in 0..<Seeded.inputs {
            var bytes = Array(generator.request().text.utf8)
            if generator.random.chance(1, in: 3) { bytes += Array(generator.request().text.utf8) }
            Mutation.apply(to: &bytes, &generator.random)
            let whole = read(bytes, cuts: &generator.random, whole: true)
            let cut = read(bytes, cuts: &generator.random, whole: false)
            guard whole == cut, whole.refusal.map({ [400, 414, 431, 501, 505].contains($0) }) ?? true else {
                return fail(
                    "input \(number): \(String(decoding: bytes, as: UTF8.self).debugDescription): \(whole) \(cut)")
            }
        }
    }

    @Test("Whatever a Range says, only bytes of the object come out, in parts that neither overlap nor touch")
    func ranges() {
        var random = Seeded(3)
        for number in 0..<Seeded.inputs {
            var bytes = Array(
                random.pick([
                    "bytes=0-1", "bytes=-5,1-", "bytes=0-0,2-9, -1,,7-", "bytes=9223372036854775807-", "items=1-2",
                ]).utf8)
            if random.chance(9, in: 10) { Mutation.apply(to: &bytes, &random) }
            let specs: [RangeSpec] =
                switch bytes.withUnsafeBufferPointer({ RangeSpec.parse(header: $0) }) {
                case .ignored: []
                case .one(let spec): [spec]
                case .several(let specs): specs
                }
            let length = Int64.random(in: 0...20, using: &random)
            let parts = RangeAsk.merged(specs, length: length)
            let isInside = parts.allSatisfy { $0.upperBound <= length && !$0.isEmpty }
            let isApart = parts.indices.allSatisfy { index in !parts[..<index].contains { $0.overlaps(parts[index]) } }
            let covered = specs.compactMap { $0.resolve(length: length) }.allSatisfy { range in
                range.isEmpty || parts.contains { $0.contains(range) }
            }
            guard isInside, isApart, covered else {
                return fail(
                    "input \(number): \(String(decoding: bytes, as: UTF8.self).debugDescription) of \(length)")
            }
        }
    }

    @Test("Entity tags, dates, Cache-Control and Content-Range take any text without harm")
    func values() {
        var random = Seeded(4)
        let texts = [
            "\"a\", W/\"b\"", "*", "Sun, 06 Nov 1994 08:49:37 GMT", "Sunday, 06-Nov-94 08:49:37 GMT", "bytes 0-9/10",
            "bytes */5",
            "no-store, max-age=60, private=\"a, b\"", "s-maxage=99999999999999999999", "bytes 0-9/*",
        ]
        for number in 0..<Seeded.inputs {
            var bytes = Array(random.pick(texts).utf8)
            Mutation.apply(to: &bytes, &random)
            let text = String(decoding: bytes, as: UTF8.self)
            if case .tags(let tags)? = EntityTagList(text), tags.isEmpty { Issue.record("input \(number): no tag") }
            if case .part(let range, let total)? = ContentRange(parsing: text),
                range.isEmpty || total.map({ $0 < range.upperBound }) == true
            {
                Issue.record("input \(number): \(text.debugDescription)")
            }
            let control = CacheControl([.cacheControl: text])
            if let age = control.maxAge, age < 0 { Issue.record("input \(number): \(text.debugDescription)") }
            _ = SeedOrigin.HTTPDate.seconds(text)
            _ = EntityTag(text)
            bytes.withUnsafeBytes { _ = HostText.isValid($0) }
        }
    }

    @Test("URLs and registries are taken apart or refused, never believed")
    func urls() {
        var random = Seeded(5)
        let texts = [
            "http://h:80/a?b#c", "https://[::1]/", "/v2/x?ns=docker.io", "http://u@h/", "/v2/?ns=https%3A%2F%2Fh",
        ]
        for number in 0..<Seeded.inputs {
            var bytes = Array(random.pick(texts).utf8)
            Mutation.apply(to: &bytes, &random)
            let text = String(decoding: bytes, as: UTF8.self)
            guard let url = try? OriginURL(text) else {
                _ = RegistryParameter.value(in: text).map { try? OriginURL(registry: $0, target: "/") }
                continue
            }
            let isFine =
                !url.host.isEmpty && (1...65_535).contains(url.port) && !url.authority.contains("@")
                && (try? OriginURL(url.text))?.text == url.text
            if !isFine { return fail("input \(number): \(text.debugDescription)") }
        }
    }
}

/// Tells what went wrong, and ends the campaign.
private func fail(_ what: String) {
    Issue.record(Comment(rawValue: what))
}
