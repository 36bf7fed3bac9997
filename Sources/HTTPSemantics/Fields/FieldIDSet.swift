/// Some of the known names: which a head has, or a class of fields.
///
/// `@usableFromInline` although it is for the package: the compiler (6.3) takes inlinable functions of a package type into
/// another module only then.
@usableFromInline
package struct FieldIDSet: Equatable, Sendable {
    @usableFromInline var low: UInt64 = 0
    @usableFromInline var high: UInt64 = 0

    @inlinable
    package init(_ ids: FieldID...) {
        for id in ids { insert(id) }
    }

    @inlinable
    package mutating func insert(_ id: FieldID) {
        if id.rawValue < 64 { low |= 1 << UInt64(id.rawValue) } else { high |= 1 << UInt64(id.rawValue & 63) }
    }

    @inlinable
    package mutating func remove(_ id: FieldID) {
        if id.rawValue < 64 { low &= ~(1 << UInt64(id.rawValue)) } else { high &= ~(1 << UInt64(id.rawValue & 63)) }
    }

    @inlinable
    package func contains(_ id: FieldID) -> Bool {
        (id.rawValue < 64 ? low : high) >> UInt64(id.rawValue & 63) & 1 != 0
    }

    @inlinable
    package func isDisjoint(with other: FieldIDSet) -> Bool { low & other.low == 0 && high & other.high == 0 }

    @inlinable
    package func union(_ other: FieldIDSet) -> FieldIDSet {
        var union = self
        union.low |= other.low
        union.high |= other.high
        return union
    }

    package func union(_ ids: FieldID...) -> FieldIDSet {
        ids.reduce(into: self) { $0.insert($1) }
    }

    package var isEmpty: Bool { low == 0 && high == 0 }

    /// Whether any is one of Dragonfly's own.
    @inlinable
    package var hasDragonfly: Bool {
        let first = UInt64(FieldID.useP2P.rawValue)
        return first < 64 ? low >> first != 0 || high != 0 : high >> (first & 63) != 0
    }
}
