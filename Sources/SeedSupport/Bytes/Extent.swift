/// Bytes that are ready to be sent; the sender chooses how.
package enum Extent: Sendable {
    case bytes(Bytes)
    /// Bytes that count against a budget until they are sent; releasing the object returns them.
    case leased(Bytes, any AnyObject & Sendable)
    case file(FileExtent)

    /// How many bytes.
    package var count: Int {
        switch self {
        case .bytes(let bytes), .leased(let bytes, _): bytes.count
        case .file(let extent): extent.count
        }
    }
}

/// Where a sender prefers its bytes to come from. If they aren't there, they come from the other source.
package enum ExtentSource: Sendable {
    /// Memory, also where they have to be copied there from the file.
    case copy
    /// Memory, where they are there already.
    case memory
    /// The open file.
    case file
}

/// Neighbouring bytes of an open file.
///
/// Keep the value, or its `lease`, until nothing refers to the descriptor any more.
package struct FileExtent: Sendable {
    /// Belongs to the lease: never close it.
    package let descriptor: Int32
    /// Of the first byte in the file.
    package private(set) var offset: Int64
    package private(set) var count: Int
    /// Keeps the file open and these bytes as they are.
    package let lease: any AnyObject & Sendable

    package init(descriptor: Int32, offset: Int64, count: Int, lease: any AnyObject & Sendable) {
        self.descriptor = descriptor
        self.offset = offset
        self.count = count
        self.lease = lease
    }

    /// Drops the first `sent` bytes.
    /// - Precondition: no more than there are.
    package mutating func removeFirst(_ sent: Int) {
        precondition(0...count ~= sent, "only bytes of the extent can be dropped")
        offset += Int64(sent)
        count -= sent
    }
}
