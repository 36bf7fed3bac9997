package import NIOCore

/// Bytes that are ready to be sent.
package enum Region: Sendable {
    case memory(ByteBuffer)
    case file(FileRegionRef)

    /// How many bytes.
    package var count: Int {
        switch self {
        case .memory(let buffer): buffer.readableBytes
        case .file(let region): region.count
        }
    }
}

/// Bytes of a content file, with the lease that keeps them as they are.
///
/// Keep this value (or its `lease`) until the write promise is fulfilled *and* nothing queued refers to the region.
package struct FileRegionRef: Sendable {
    package let lease: Lease
    /// Of the first byte in the file, which is the offset in the object too.
    package let offset: Int64
    package let count: Int

    package init(lease: Lease, offset: Int64, count: Int) {
        self.lease = lease
        self.offset = offset
        self.count = count
    }

    /// The file handle for writes on `eventLoop`. Each loop has its own, because SwiftNIO fails the second of two
    /// overlapping uses of one handle.
    package func handle(on eventLoop: any EventLoop) -> NIOFileHandle { lease.file.handle(on: eventLoop) }

    /// The region as SwiftNIO's channels on `eventLoop` take it. It does not hold the lease.
    package func fileRegion(on eventLoop: any EventLoop) -> FileRegion {
        FileRegion(fileHandle: handle(on: eventLoop), readerIndex: Int(offset), endIndex: Int(offset) + count)
    }
}
