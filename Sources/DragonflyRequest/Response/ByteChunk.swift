package import SeedSupport

/// A run of bytes of a body, in one piece of memory. Copying it does not copy the bytes.
public struct ByteChunk: Sendable {
    private let bytes: Bytes

    package init(_ bytes: Bytes) {
        self.bytes = bytes
    }

    /// Lends the bytes; they must not be used after `body` returns.
    public func withUnsafeBytes<Result, Failure: Error>(
        _ body: (UnsafeRawBufferPointer) throws(Failure) -> Result
    ) throws(Failure) -> Result {
        try bytes.withUnsafeBytes(body)
    }
}

extension ByteChunk: RandomAccessCollection {
    public var startIndex: Int { bytes.startIndex }
    public var endIndex: Int { bytes.endIndex }
    public subscript(position: Int) -> UInt8 { bytes[position] }

    public func withContiguousStorageIfAvailable<Result>(
        _ body: (UnsafeBufferPointer<UInt8>) throws -> Result
    ) rethrows -> Result? {
        try bytes.withContiguousStorageIfAvailable(body)
    }

    /// Used when arrays append a sequence; the default would copy byte by byte.
    public func _copyContents(
        initializing buffer: UnsafeMutableBufferPointer<UInt8>
    ) -> (IndexingIterator<ByteChunk>, Int) {
        let copied = withUnsafeBytes { bytes in
            let count = Swift.min(bytes.count, buffer.count)
            UnsafeMutableRawBufferPointer(buffer).copyMemory(from: UnsafeRawBufferPointer(rebasing: bytes[..<count]))
            return count
        }
        return (IndexingIterator(_elements: self, _position: startIndex + copied), copied)
    }
}
