import Glibc

/// What the store could not do, to what, and what can be done about it.
package struct StorageError: Error, Sendable, Equatable, CustomStringConvertible {
    /// What kind of thing happened, for code that decides.
    package enum Kind: Sendable, Hashable {
        /// The directory cannot be used as it is: not a directory, a link, not writable.
        case unusableDirectory
        /// Another process, or another store in this one, has the directory.
        case inUse
        /// The directory holds things that are not ours.
        case foreignDirectory
        /// Written by a later version of this program.
        case newerFormat
        /// The content file of this generation is not there: treat the task as unknown and remove its record.
        case missing
        /// No room on the volume or in the index.
        case full
        /// The index refused.
        case index
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
        self.init(error.isFull ? .full : .index, error.description, systemError: error.code)
    }

    /// A failed system call, by the error number it left.
    static func file(_ operation: String, _ path: String, _ code: CInt = errno) -> StorageError {
        let kind: Kind =
            switch code {
            case ENOSPC, EDQUOT: .full
            case ENOENT: .missing
            default: .file
            }
        return StorageError(kind, "cannot \(operation) \(path): \(String(cString: strerror(code)))", systemError: code)
    }

    static let closed = StorageError(.closed, "the store has been closed")

    package var description: String { message }
}
