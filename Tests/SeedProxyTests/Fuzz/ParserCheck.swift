#if LIBFUZZER
    // Compiled by scripts/fuzz as one module with the sources of the parsers.
    import HTTPTypes
    import NIOCore
#else
    import DragonflyIdentity
    import HTTPTypes
    import NIOCore
    import SeedEngine
    import SeedOrigin
    import SeedTestSupport
    @testable import SeedProxy
#endif

/// What must hold of each parser whatever bytes it is given. `ParserFuzzTests` gives it generated ones, `scripts/fuzz`
/// those that libFuzzer finds.
///
/// Each check says what is wrong, or nil.
enum ParserCheck {
    /// Cuts change nothing, and every refusal is one of the table.
    static func requests(_ bytes: [UInt8], _ random: inout Seeded) -> String? {
        let whole = ReadRequests(bytes)
        let cut = ReadRequests(bytes, cuts: &random)
        if whole != cut { return "\(whole) became \(cut)" }
        guard let status = whole.refusal else { return nil }
        return [400, 414, 431, 501, 505].contains(status) ? nil : "a refusal by \(status)"
    }

    /// Only bytes of the object come out, all that were asked for, in parts that neither overlap nor touch.
    static func range(_ bytes: [UInt8], _ random: inout Seeded) -> String? {
        let specs: [RangeSpec] =
            switch bytes.withUnsafeBufferPointer({ RangeSpec.parse(header: $0) }) {
            case .ignored: []
            case .one(let spec): [spec]
            case .several(let specs): specs
            }
        let length = Int64(random.below(21))
        let parts = RangeAsk.merged(specs, length: length)
        for (index, part) in parts.enumerated() {
            if part.isEmpty || part.upperBound > length { return "\(part) of \(length) bytes" }
            if parts[..<index].contains(where: { $0.overlaps(part) }) { return "\(part) comes twice" }
        }
        for spec in specs {
            guard let wanted = spec.resolve(length: length), !wanted.isEmpty else { continue }
            if !parts.contains(where: { $0.contains(wanted) }) { return "\(wanted) is not answered" }
        }
        return nil
    }

    /// Entity tags, dates, `Cache-Control`, `Content-Range`, `Host`.
    static func values(_ bytes: [UInt8]) -> String? {
        let text = String(decoding: bytes, as: UTF8.self)
        if case .tags(let tags)? = EntityTagList(text), tags.isEmpty { return "a list without a tag" }
        if let tag = EntityTag(text), !tag.matchesWeakly(tag) { return "a tag that is not itself" }
        if case .part(let range, let total)? = ContentRange(parsing: text) {
            if range.isEmpty || range.lowerBound < 0 { return "Content-Range of \(range)" }
            if let total, total < range.upperBound { return "Content-Range of \(range) beyond \(total)" }
        }
        let control = CacheControl([.cacheControl: text])
        for age in [control.maxAge, control.sharedMaxAge] {
            if let age, age < 0 { return "an age of \(age)" }
        }
        if let second = HTTPDate.seconds(text), abs(second) > 253_402_300_800 { return "the second \(second)" }
        bytes.withUnsafeBytes { _ = HostText.isValid($0) }
        return nil
    }

    /// URLs and registries are taken apart or refused; what was taken apart reads the same again.
    static func url(_ bytes: [UInt8]) -> String? {
        let text = String(decoding: bytes, as: UTF8.self)
        guard let url = try? OriginURL(text) else {
            if let registry = RegistryParameter.value(in: text) { _ = try? OriginURL(registry: registry, target: "/") }
            return nil
        }
        if url.host.isEmpty || url.authority.contains("@") { return "the authority \(url.authority)" }
        if !(1...65_535).contains(url.port) { return "the port \(url.port)" }
        return (try? OriginURL(url.text))?.text == url.text ? nil : "\(url.text) does not read the same again"
    }
}

/// What a reader makes of some bytes.
struct ReadRequests: Equatable {
    var heads: [String] = []
    var body: [UInt8] = []
    var ends = 0
    /// The status of the refusal that was the end.
    var refusal: Int?

    /// - Parameter cuts: where the bytes are cut into pieces of 1 to 40; nil for all at once.
    init(_ bytes: [UInt8], cuts: inout Seeded) {
        var reader = RequestReader()
        var start = 0
        while start < bytes.count {
            let end = min(bytes.count, start + 1 + cuts.below(40))
            take(bytes[start..<end], &reader)
            start = end
        }
    }

    init(_ bytes: [UInt8]) {
        var reader = RequestReader()
        take(bytes[...], &reader)
    }

    private mutating func take(_ bytes: ArraySlice<UInt8>, _ reader: inout RequestReader) {
        reader.receive(ByteBuffer(bytes: bytes))
        while let part = reader.next() {
            switch part {
            case .head(let head): heads.append("\(head.methodText) \(head.target)")
            case .body(let bytes): body += bytes.readableBytesView
            case .end: ends += 1
            case .malformed(let refusal): self.refusal = refusal.status
            }
        }
    }
}
