/// Bytes that are ready to be sent; the sender chooses how.
package enum Extent: Sendable {
    case bytes(Bytes)
    /// Bytes that count against a budget for as long as they wait: the object gives them back when it goes.
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

/// Neighbouring bytes of an open file.
///
/// Keep the value, or its `lease`, until nothing refers to the descriptor any more.
package struct FileExtent: Sendable {
    /// Belongs to the lease: never close it.
    package let descriptor: Int32
    /// Of the first byte in the file.
    package private(set) var offset: Int64
    package private(set) var count: Int
    /// The same bytes, where they are in memory too. Long parts leave out of the file all the same, so only memory whose
    /// file's pages are likely to be resident belongs here: the sender would wait for the disk.
    package private(set) var memory: Bytes?
    /// Keeps the file open and these bytes as they are.
    package let lease: any AnyObject & Sendable

    /// - Precondition: `memory` has as many bytes.
    package init(
        descriptor: Int32, offset: Int64, count: Int, memory: Bytes? = nil, lease: any AnyObject & Sendable
    ) {
        precondition(memory == nil || memory?.count == count, "an extent in memory is as long as in the file")
        self.descriptor = descriptor
        self.offset = offset
        self.count = count
        self.memory = memory
        self.lease = lease
    }

    /// Drops the first `sent` bytes.
    /// - Precondition: no more than there are.
    package mutating func removeFirst(_ sent: Int) {
        precondition(0...count ~= sent, "only bytes of the extent can be dropped")
        offset += Int64(sent)
        count -= sent
        memory = memory?.suffix(from: sent)
    }
}
