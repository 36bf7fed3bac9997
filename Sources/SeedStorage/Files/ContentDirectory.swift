import DragonflyIdentity
import Glibc
import HTTPSemantics
import SeedSupport

/// The content files of the store: `content/<2 hex>/<store key>.<generation>`.
final class ContentDirectory: Sendable {
    private let directory: StoreDirectory
    private let threads: StoreThreads
    private let observer: ContentObserver

    private struct State {
        /// The open files, so that a file has one `ContentFile` and one chain of epochs, however often it is opened.
        var known: [FileName: Entry] = [:]
        /// Files that the store itself is changing; they cannot be opened meanwhile.
        var claimed: Set<FileName> = []
    }

    private struct Entry {
        weak var content: ContentFile?
        weak var file: OpenFile?
        /// Mostly one. The entry goes with the last one.
        var descriptors: [CInt] = []
        /// Unlinked while it was open: its room becomes free when the last descriptor is closed.
        var isUnlinked = false
    }

    private let state = Monitor(State())

    init(_ directory: StoreDirectory, threads: StoreThreads, observer: ContentObserver) {
        self.directory = directory
        self.threads = threads
        self.observer = observer
    }

    func path(of name: FileName) -> String { directory.path(of: name) }

    // MARK: Opening

    /// Makes a file that does not exist yet; nil when it does.
    func create(_ name: FileName) throws(StorageError) -> ContentFile? {
        do throws(StorageError) {
            return try makeFile(name).map { adopt(name, $0) }
        } catch {
            observer.refused(error)
            throw error
        }
    }

    private func makeFile(_ name: FileName) throws(StorageError) -> CInt? {
        do throws(Errno) {
            return try System.open(path(of: name), Self.newFile)
        } catch .noEntry {
            try StoreDirectory.make(directory.content)
            try StoreDirectory.make(directory.shard(of: name))
        } catch {
            return try refused(error, name)
        }
        do throws(Errno) {
            return try System.open(path(of: name), Self.newFile)
        } catch {
            return try refused(error, name)
        }
    }

    private static let newFile = O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW

    private func refused(_ error: Errno, _ name: FileName) throws(StorageError) -> CInt? {
        guard error == .exists else { throw .file("create", path(of: name), error) }
        return nil
    }

    /// The file of a record, shared with those that have it open. Waits for a claim to end.
    func open(_ name: FileName) throws(StorageError) -> ContentFile {
        let known: ContentFile? = state.wait { state in
            if state.claimed.contains(name) { return .wait(until: nil) }
            return .go(state.known[name]?.isUnlinked == true ? nil : Self.content(in: &state, name))
        }
        if let known { return known }
        return adopt(name, try descriptor(of: name))
    }

    private func descriptor(of name: FileName) throws(StorageError) -> CInt {
        let path = path(of: name)
        return try StorageError.mapping("open", path) { () throws(Errno) in
            try System.open(path, O_RDWR | O_NOFOLLOW)
        }
    }

    private func adopt(_ name: FileName, _ descriptor: CInt) -> ContentFile {
        let opened = OpenFile(
            name: name, path: path(of: name), descriptor: descriptor, observer: observer,
            closer: { [self] in close($0, $1) })
        return state.wait { state in
            // Claimed since the last look: the file may have been unlinked, but then its record is gone as well.
            if state.claimed.contains(name) { return .wait(until: nil) }
            state.known[name, default: Entry()].descriptors.append(descriptor)
            // Another thread may have opened it meanwhile: then `opened` closes itself.
            if let file = Self.content(in: &state, name) { return .go(file) }
            let content = ContentFile(file: opened)
            state.known[name]?.content = content
            state.known[name]?.file = opened
            return .go(content)
        }
    }

    /// The living content file, or a new one on a descriptor that leases still hold.
    private static func content(in state: inout State, _ name: FileName) -> ContentFile? {
        guard let entry = state.known[name] else { return nil }
        if let content = entry.content { return content }
        guard let file = entry.file else { return nil }
        let content = ContentFile(file: file)
        state.known[name]?.content = content
        return content
    }

    /// On a store thread, because the releasing one may be an event loop: closing an unlinked file frees its blocks.
    private func close(_ name: FileName, _ descriptor: CInt) {
        let work: StoreThreads.Work = { [self] in
            forget(descriptor, of: name)
            System.close(descriptor)
        }
        if !threads.run(work) { work() }
    }

    /// Called before the descriptor is closed, so that its number does not mean another file yet.
    private func forget(_ descriptor: CInt, of name: FileName) {
        state.withLock { state in
            state.known[name]?.descriptors.removeAll { $0 == descriptor }
            guard let entry = state.known[name], entry.descriptors.isEmpty else { return }
            state.known[name] = nil
            // In the same step, so that a measurement either counts the file or comes after this.
            if entry.isUnlinked { observer.freed(PunchedFile.allocated(descriptor)) }
        }
    }
}

// MARK: Changes by the store itself

extension ContentDirectory {
    /// Keeps the file from being opened until `unclaim`. False when it is open or leased.
    func claim(_ name: FileName) -> Bool {
        // The references found here are released outside the lock, because closing the file takes it.
        let (isMine, _): (Bool, (ContentFile?, OpenFile?)) = state.withLock { state in
            let open = (state.known[name]?.content, state.known[name]?.file)
            guard open.0 == nil, open.1 == nil else { return (false, open) }
            return (state.claimed.insert(name).inserted, open)
        }
        return isMine
    }

    func unclaim(_ name: FileName) {
        state.signal { $0.claimed.remove(name) }
    }

    /// Gives the whole pages of regions of a file that is not open back to the volume.
    func punch(_ name: FileName, _ ranges: [ByteRange]) throws(StorageError) {
        let file = PunchedFile(descriptor: try descriptor(of: name), path: path(of: name))
        defer { System.close(file.descriptor) }
        for range in ranges { observer.freed(try file.punch(range)) }
    }

    /// Removes the name. Readers that have the file open are not affected. A missing file is not an error.
    func unlink(_ name: FileName) throws(StorageError) {
        let path = path(of: name)
        let bytes = PunchedFile.allocated(path)
        do throws(Errno) {
            try System.unlink(path)
        } catch .noEntry {
            return
        } catch {
            throw .file("delete", path, error)
        }
        state.withLock { state in
            if state.known[name] == nil { observer.freed(bytes) } else { state.known[name]?.isUnlinked = true }
        }
    }

    /// Unlinks files on a store thread. Never blocks, unless the threads have been shut down.
    func unlinkLater(_ names: [FileName], _ logger: Logger) {
        guard !names.isEmpty else { return }
        let work: StoreThreads.Work = { [self] in
            for name in names {
                do throws(StorageError) {
                    try unlink(name)
                } catch {
                    logger.warning("\(error); the file is tried again at the next start")
                }
            }
        }
        if !threads.run(work) { work() }
    }

    func exists(_ name: FileName) -> Bool { System.exists(path(of: name)) }

    /// The content files in one of the 256 directories.
    func files(inShard number: Int) -> [FileName] {
        directory.contentFiles(inShard: number)
    }

    /// What the content files in one of the 256 directories take on the volume.
    func allocated(inShard number: Int) -> Int64 {
        let shard = directory.shard(number)
        return StoreDirectory.entries(of: shard).reduce(0) { $0 + PunchedFile.allocated("\(shard)/\($1)") }
    }

    /// What files take that are unlinked but still open.
    var unlinkedBytes: Int64 {
        state.withLock { state in
            state.known.values.reduce(0) { sum, entry in
                guard entry.isUnlinked, let descriptor = entry.descriptors.first else { return sum }
                return sum + PunchedFile.allocated(descriptor)
            }
        }
    }
}
