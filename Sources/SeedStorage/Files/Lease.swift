package import HTTPSemantics
package import SeedSupport

/// The right to read a content file: while it is held the file stays open and no region that was published before it
/// was taken is punched. Released with its last reference.
///
/// All readers of one *epoch* of a file share one object, so a lease costs one retain. `ContentFile.retire` ends an
/// epoch. An ended epoch keeps its successor alive, so an epoch goes only after all older ones, and its closure runs
/// then.
package final class Lease: Sendable {
    let file: OpenFile

    private struct Ending {
        var next: Lease?
        var onGone: (@Sendable () -> Void)?
    }

    private let ending = Lock(Ending())

    init(file: OpenFile) {
        self.file = file
    }

    /// Bytes of the file, ready to be sent. What is sent was published before the lease was taken.
    /// - Parameter range: of the object, which has its bytes at the same offsets as its file.
    package func extent(of range: ByteRange) -> FileExtent {
        FileExtent(descriptor: file.descriptor, offset: range.lowerBound, count: Int(range.count), lease: self)
    }

    /// Ends this epoch: `onGone` runs when it and all older ones are gone.
    func end(next: Lease, onGone: @escaping @Sendable () -> Void) {
        ending.withLock { $0 = Ending(next: next, onGone: onGone) }
    }

    deinit {
        // A long chain of epochs without a holder is released one by one: nested releases would overflow the stack.
        var next = finish()
        while var lease = next.take(), isKnownUniquelyReferenced(&lease) {
            next = lease.finish()
        }
    }

    /// Runs the closure of an epoch that is gone and gives its successor. Does nothing the second time.
    private func finish() -> Lease? {
        let ended = ending.withLock { ending in
            defer { ending = Ending() }
            return ending
        }
        ended.onGone?()
        return ended.next
    }
}
