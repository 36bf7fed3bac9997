import DragonflyIdentity
import Glibc
import NIOCore
import Synchronization

/// The open descriptor of a content file. It is closed when the last reference goes: content file, leases, all of them,
/// so its number cannot come to mean another file under a reader (rule 9).
final class OpenFile: Sendable {
    /// Closes the descriptor of the named file.
    typealias Closer = @Sendable (FileName, CInt) -> Void

    let name: FileName
    let path: String
    let descriptor: CInt
    let watch: ContentWatch
    private let closer: Closer

    /// One handle for each event loop: SwiftNIO refuses (`EBUSY`) a second use of one handle while the first one lasts,
    /// and two loops may send from one file at the same moment. They all name the same descriptor and none owns it.
    private let handles = Mutex<[(loop: ObjectIdentifier, handle: NIOFileHandle)]>([])

    /// The epoch that new leases join, for a `ContentFile` that is made again while leases of an earlier one live.
    let latestEpoch = Mutex(WeakLease())

    struct WeakLease: Sendable {
        weak var lease: Lease?
    }

    init(name: FileName, path: String, descriptor: CInt, watch: ContentWatch, closer: @escaping Closer) {
        self.name = name
        self.path = path
        self.descriptor = descriptor
        self.watch = watch
        self.closer = closer
    }

    deinit {
        for (_, handle) in handles.withLock({ $0 }) {
            // Throws only when a handle is in use or closed: nothing can use it without a lease on this object.
            _ = try? handle.takeDescriptorOwnership()
        }
        closer(name, descriptor)
    }

    func handle(on loop: any EventLoop) -> NIOFileHandle {
        let id = ObjectIdentifier(loop)
        return handles.withLock { handles in
            if let known = handles.first(where: { $0.loop == id }) { return known.handle }
            let handle = NIOFileHandle(_deprecatedTakingOwnershipOfDescriptor: descriptor)
            handles.append((id, handle))
            return handle
        }
    }
}
