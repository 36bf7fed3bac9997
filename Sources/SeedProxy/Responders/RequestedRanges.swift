import HTTPSemantics
import HTTPServer
import SeedSupport

/// Which bytes a request asks for.
enum RequestedRanges: Equatable {
    /// All of them: no `Range`, or an ignored one.
    case whole
    case one(RangeSpec)
    case several([RangeSpec])

    /// Two parts cost more than the gap between them up to this many bytes (RFC 9110 §15.3.7.2): about one part's head.
    static let mergedGap: Int64 = 80
    /// More ranges in one request are either a mistake or an attack (RFC 9110 §14.2).
    static let mostRanges = 64

    /// Only GET has ranges (RFC 9110 §14.2), and the field must come once.
    init(_ head: RequestHead) {
        self = .whole
        guard head.method == .get, head.present.contains(.range), head.count(of: .range) == 1,
            let field = head.fields.first(where: { $0.id == .range })
        else { return }
        let parsed = head.bytes.withUnsafeBytes { base in
            field.value.bytes(of: base).withMemoryRebound(to: UInt8.self) { RangeSpec.parse(header: $0) }
        }
        switch parsed {
        case .ignored: break
        case .one(let spec): self = .one(spec)
        case .several(let specs): self = .several(specs)
        }
    }

    /// The first range to ask the engine for, to learn the object's length.
    var first: RangeSpec? {
        switch self {
        case .whole: nil
        case .one(let spec): spec
        case .several(let specs): specs.first
        }
    }

    /// The satisfiable ranges for an object of this length, in the order requested; those that overlap or nearly touch
    /// are merged, in the place of the first.
    static func merged(_ specs: [RangeSpec], length: Int64) -> [ByteRange] {
        var merged: [ByteRange] = []
        for spec in specs {
            guard var range = spec.resolve(length: length), !range.isEmpty else { continue }
            var place: Int?
            // Growing by one neighbour may make it touch another.
            while let near = merged.firstIndex(where: { $0.isNear(range) }) {
                let other = merged.remove(at: near)
                place = min(place ?? near, near)
                range = ByteRange(min(range.lowerBound, other.lowerBound), max(range.upperBound, other.upperBound))
            }
            merged.insert(range, at: place ?? merged.count)
        }
        return merged
    }
}

extension ByteRange {
    fileprivate func isNear(_ other: ByteRange) -> Bool {
        lowerBound - RequestedRanges.mergedGap <= other.upperBound
            && other.lowerBound - RequestedRanges.mergedGap <= upperBound
    }
}
