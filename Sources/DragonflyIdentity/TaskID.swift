/// The id that Dragonfly's programs know a task by: what headers, reports, peers and the ring carry.
///
/// Mostly a SHA-256 in hexadecimal, which takes no heap memory here. A task named by another digest has that
/// digest's text (`sha512`: 128 characters). Two ids are equal when their bytes are, never by Unicode equivalence.
/// Different inputs can share one id (the parts are joined without separators), so the store does not use it as key.
public struct TaskID: Hashable, Sendable {
    private enum Form: Hashable {
        /// 64 lower-case hexadecimal digits, and only those: each id has one form, so `==` may compare forms.
        case hash(Bytes32)
        case text([UInt8])
    }

    private let form: Form

    public init(_ text: some StringProtocol) {
        self.init(utf8: text.utf8)
    }

    init(utf8 text: some Collection<UInt8>) {
        form = Bytes32(lowercaseHex: text).map { .hash($0) } ?? .text(Array(text))
    }

    init(sha256 value: Bytes32) {
        form = .hash(value)
    }

    /// Lends the bytes of the id's text.
    public func withUTF8<R>(_ body: (UnsafeRawBufferPointer) throws -> R) rethrows -> R {
        switch form {
        case .text(let bytes):
            return try bytes.withUnsafeBytes(body)
        case .hash(let value):
            return try withUnsafeTemporaryAllocation(byteCount: 64, alignment: 8) { digits in
                value.writeHex(to: digits)
                return try body(UnsafeRawBufferPointer(digits))
            }
        }
    }
}

extension TaskID: CustomStringConvertible {
    /// The id's text.
    public var description: String {
        switch form {
        case .hash(let value): value.hex
        case .text(let bytes): String(decoding: bytes, as: UTF8.self)
        }
    }
}
