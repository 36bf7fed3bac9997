import Glibc
import SeedSupport

/// What the store could not do, and what can be done about it.
package struct StorageError: Error, Sendable, Equatable, CustomStringConvertible {
    /// What happened, for code that decides.
    package enum Kind: Sendable, Hashable {
        /// The directory cannot be used as it is: not a directory, a link, not writable.
        case unusableDirectory
        /// Another process, or another store in this one, has the directory.
        case inUse
        /// The directory holds files of another program.
        case foreignDirectory
        /// Written by a later version of this program.
        case newerFormat
        /// Written by an earlier version of this program, in a format that this one does not read.
        case olderFormat
        /// The content file of this generation is not there: treat the task as unknown and remove its record.
        case missing
        /// No room on the volume or in the index.
        case full
        /// The index refused.
        case index
        /// The index is damaged: `seed-peer store repair` saves what can be read.
        case damagedIndex
        /// The volume is mounted read-only.
        case readOnly
        /// The process has no descriptors left.
        case tooManyFiles
        /// The device failed.
        case device
        /// A file operation failed.
        case file
        /// The store has been closed.
        case closed
    }

    package let kind: Kind
    /// One sentence for the person who must act.
    package let message: String
    /// The system's error number, where there was one.
    package let systemError: CInt?

    init(_ kind: Kind, _ message: String, systemError: CInt? = nil) {
        self.kind = kind
        self.message = message
        self.systemError = systemError
    }

    init(_ error: LMDBError) {
        let kind: Kind = error.isFull ? .full : error.isDamage ? .damagedIndex : .index
        self.init(kind, error.description, systemError: error.code)
    }

    /// Runs system calls. A failure becomes a storage error that names the operation and the path.
    static func mapping<Result>(
        _ operation: @autoclosure () -> String, _ path: String, _ body: () throws(Errno) -> Result
    ) throws(StorageError) -> Result {
        do throws(Errno) {
            return try body()
        } catch {
            throw .file(operation(), path, error)
        }
    }

    /// A failed system call.
    static func file(_ operation: String, _ path: String, _ error: Errno) -> StorageError {
        let kind: Kind =
            switch error.code {
            case ENOSPC, EDQUOT: .full
            case ENOENT: .missing
            case EROFS: .readOnly
            case EMFILE, ENFILE: .tooManyFiles
            case EIO: .device
            default: .file
            }
        let reason = error.description + (advice(kind).map { "; \($0)" } ?? "")
        return StorageError(kind, "cannot \(operation) \(path): \(reason)", systemError: error.code)
    }

    /// Advice for the operator.
    private static func advice(_ kind: Kind) -> String? {
        switch kind {
        case .full: "free space on the volume, raise the quota, or lower gc.policy.diskThreshold"
        case .readOnly: "mount the volume for writing"
        case .tooManyFiles: "raise the limit of open files (ulimit -n)"
        case .device: "check the disk"
        default: nil
        }
    }

    /// Whether operations on other files would fail as well.
    var concernsVolume: Bool { [.full, .readOnly, .tooManyFiles, .device].contains(kind) }

    static func damagedIndex(_ directory: String) -> StorageError {
        StorageError(
            .damagedIndex,
            "the index \(directory)/index/data.mdb is damaged; nothing was deleted: "
                + "run `\(repairCommand(directory))`, or empty the directory")
    }

    static func repairCommand(_ directory: String) -> String { "seed-peer store repair --dir \(directory)" }

    static let closed = StorageError(.closed, "the store has been closed")

    package var description: String { message }
}
