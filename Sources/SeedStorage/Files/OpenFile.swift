import DragonflyIdentity
import SeedSupport

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

    /// The epoch that new leases join, for a `ContentFile` that is made again while leases of an earlier one live.
    let latestEpoch = Lock(WeakLease())

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

    deinit { closer(name, descriptor) }
}
