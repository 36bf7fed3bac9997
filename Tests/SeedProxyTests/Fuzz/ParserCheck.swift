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

    /// Entity tags, dates, `Cache-Control`, `Content-Range`.
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
