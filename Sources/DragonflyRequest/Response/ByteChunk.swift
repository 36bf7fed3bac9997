package import NIOCore

/// A run of bytes of a body, in one piece of memory. Copying it does not copy the bytes.
public struct ByteChunk: Sendable {
    private let view: ByteBufferView

    package init(_ buffer: ByteBuffer) {
        view = buffer.readableBytesView
    }

    /// Lends the bytes; they must not be used after `body` returns.
    public func withUnsafeBytes<Result, Failure: Error>(
        _ body: (UnsafeRawBufferPointer) throws(Failure) -> Result
    ) throws(Failure) -> Result {
        // NIO's own closure knows no typed errors.
        let result = view.withUnsafeBytes { bytes in
            Swift.Result { () throws(Failure) in try body(bytes) }
        }
        return try result.get()
    }
}

extension ByteChunk: RandomAccessCollection {
    public var startIndex: Int { view.startIndex }
    public var endIndex: Int { view.endIndex }
    public subscript(position: Int) -> UInt8 { view[position] }

    public func withContiguousStorageIfAvailable<Result>(
        _ body: (UnsafeBufferPointer<UInt8>) throws -> Result
    ) rethrows -> Result? {
        try view.withContiguousStorageIfAvailable(body)
    }

    /// How arrays append and are made from a sequence; without it they would ask for one byte after the other.
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
