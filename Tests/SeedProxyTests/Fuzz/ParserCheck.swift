import HTTPSemantics
import SeedSupport
import SeedTestSupport

@testable import SeedProxy

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
        let parts = RequestedRanges.merged(specs, length: length)
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

    /// URLs and registries are taken apart or refused; what was taken apart reads the same again.
    static func url(_ bytes: [UInt8]) -> String? {
        let text = String(decoding: bytes, as: UTF8.self)
        guard let url = try? OriginURL(text) else {
            let query = String(text.drop { $0 != "?" })
            if let registry = RegistryParameter.value(in: query) {
                _ = try? OriginURL(registry: registry, path: "/", query: query)
            }
            return nil
        }
        if url.host.isEmpty || url.authority.contains("@") { return "the authority \(url.authority)" }
        if !(1...65_535).contains(url.port) { return "the port \(url.port)" }
        return (try? OriginURL(url.text))?.text == url.text ? nil : "\(url.text) does not read the same again"
    }
}
