/// The name of a task in this server's store: 32 raw bytes, a SHA-256 over everything that tells tasks apart.
///
/// Never shown to other programs; the wire id (``TaskID``) is an attribute of the task. Paths are made from this only.
package struct StoreKey: Hashable, Sendable {
    private let value: Bytes32

    init(_ value: Bytes32) {
        self.value = value
    }

    /// Nil unless there are exactly 32 bytes.
    package init?(bytes: some Collection<UInt8>) {
        guard bytes.count == 32 else { return nil }
        let copy = Array(bytes)
        value = copy.withUnsafeBytes { Bytes32($0) }
    }

    /// Nil unless these are 64 hexadecimal digits in lower case.
    package init?(hex: some StringProtocol) {
        guard let value = Bytes32(lowercaseHex: hex.utf8) else { return nil }
        self.value = value
    }

    /// 64 hexadecimal digits in lower case.
    package var hex: String { value.hex }

    /// Lends the 32 bytes.
    package func withUnsafeBytes<R, E: Error>(_ body: (UnsafeRawBufferPointer) throws(E) -> R) throws(E) -> R {
        try value.withUnsafeBytes(body)
    }
}

extension StoreKey: Comparable {
    /// Byte by byte, as an index of raw keys orders them.
    package static func < (left: StoreKey, right: StoreKey) -> Bool {
        Bytes32.precedes(left.value, right.value)
    }
}

extension StoreKey: CustomStringConvertible {
    package var description: String { hex }
}
