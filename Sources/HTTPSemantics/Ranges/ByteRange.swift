/// A run of bytes of one object: from `lowerBound` up to, not including, `upperBound`.
public struct ByteRange: Hashable, Sendable {
    public let lowerBound: Int64
    /// Exclusive.
    public let upperBound: Int64

    // Inlinable, as these few instructions are used on every step of a request in other modules.

    /// - Precondition: `0 <= lowerBound <= upperBound`.
    @inlinable public init(_ lowerBound: Int64, _ upperBound: Int64) {
        precondition(0 <= lowerBound && lowerBound <= upperBound, "a byte range runs forward from 0 or later")
        self.lowerBound = lowerBound
        self.upperBound = upperBound
    }

    /// How many bytes.
    @inlinable public var count: Int64 { upperBound - lowerBound }

    @inlinable public var isEmpty: Bool { lowerBound == upperBound }

    @inlinable public func contains(_ offset: Int64) -> Bool {
        lowerBound <= offset && offset < upperBound
    }

    /// Whether every byte of `other` is in this range. An empty range is in any range.
    @inlinable public func contains(_ other: ByteRange) -> Bool {
        other.isEmpty || (lowerBound <= other.lowerBound && other.upperBound <= upperBound)
    }

    /// Whether the two share at least one byte.
    public func overlaps(_ other: ByteRange) -> Bool {
        max(lowerBound, other.lowerBound) < min(upperBound, other.upperBound)
    }

    /// The bytes that are in both; an empty range at the nearer edge of `limits` when there are none.
    public func clamped(to limits: ByteRange) -> ByteRange {
        let lower = min(max(lowerBound, limits.lowerBound), limits.upperBound)
        let upper = min(max(upperBound, limits.lowerBound), limits.upperBound)
        return ByteRange(lower, upper)
    }
}

extension ByteRange: CustomStringConvertible {
    public var description: String { "[\(lowerBound), \(upperBound))" }
}
