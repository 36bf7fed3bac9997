import DragonflyIdentity
import Glibc
import SeedSupport

/// The store's directory on the volume: `lock`, `index/`, `content/`.
struct StoreDirectory: Sendable {
    let path: String

    var lock: String { path + "/lock" }
    var index: String { path + "/index" }
    var indexFile: String { index + "/data.mdb" }
    var content: String { path + "/content" }

    /// Makes the directory if it is missing and checks that it is ours alone.
    /// - Returns: the lock on it, held as long as the object lives.
    func prepare() throws(StorageError) -> DirectoryLock {
        try makeDirectory()
        if !System.exists(lock) { try refuseForeign() }
        let held = try DirectoryLock(path: lock, directory: path)
        // Without the marker this is another program's file, unless we died between creating and marking it.
        guard held.hasMarker || (held.isEmpty && holdsOnlyLock) else { throw foreign("its file \(lock) is not ours") }
        try held.writeMarker()
        try Self.make(index)
        try Self.make(content)
        return held
    }

    /// Makes a directory, unless it exists.
    static func make(_ path: String) throws(StorageError) {
        do throws(Errno) {
            try System.makeDirectory(path)
        } catch .exists {
        } catch {
            throw .file("create the directory", path, error)
        }
    }

    private func makeDirectory() throws(StorageError) {
        let kind = try asked { () throws(Errno) in try madePath().st_mode & S_IFMT }
        guard kind != S_IFLNK else { throw unusable("it is a symbolic link; name its target") }
        guard kind == S_IFDIR else { throw unusable("it is not a directory") }
        try asked { () throws(Errno) in try System.access(path, R_OK | W_OK | X_OK) }
    }

    /// The status of the directory, which is made with those above it when it is missing.
    private func madePath() throws(Errno) -> stat {
        do throws(Errno) {
            return try System.linkStatus(of: path)
        } catch .noEntry {
            for (index, character) in zip(path.indices, path).dropFirst() where character == "/" {
                try? System.makeDirectory(String(path[..<index]), mode: 0o755)
            }
            do throws(Errno) { try System.makeDirectory(path) } catch .exists {}
            return try System.linkStatus(of: path)
        }
    }

    private func asked<Result>(_ body: () throws(Errno) -> Result) throws(StorageError) -> Result {
        do throws(Errno) {
            return try body()
        } catch {
            throw refusedBySystem(error)
        }
    }

    private func refuseForeign() throws(StorageError) {
        let others = Self.entries(of: path).filter { $0 != "lost+found" }
        if let other = others.sorted().first { throw foreign("it holds \(other)") }
    }

    private var holdsOnlyLock: Bool {
        Self.entries(of: path).allSatisfy { ["lock", "lost+found"].contains($0) }
    }

    private func refusedBySystem(_ error: Errno) -> StorageError {
        let advice = error.code == EACCES ? "; user \(geteuid()) must be allowed to read and write there" : ""
        return unusable(error.description + advice)
    }

    private func unusable(_ reason: String) -> StorageError {
        StorageError(.unusableDirectory, "storage.dir \(path) cannot be used: \(reason)")
    }

    private func foreign(_ reason: String) -> StorageError {
        StorageError(
            .foreignDirectory, "storage.dir \(path) is not a store of this program: \(reason); name an empty directory")
    }

    // MARK: Content files

    func path(of name: FileName) -> String { "\(shard(of: name))/\(name.key.hex).\(name.generation)" }

    func shard(of name: FileName) -> String { "\(content)/\(name.key.hex.prefix(2))" }

    /// One of the 256 directories.
    func shard(_ number: Int) -> String {
        let hex = String(number, radix: 16)
        return "\(content)/\(hex.count == 1 ? "0" : "")\(hex)"
    }

    func contentFiles(inShard number: Int) -> [FileName] {
        Self.entries(of: shard(number)).compactMap(Self.parse)
    }

    /// Nil for a name that is not a content file's.
    private static func parse(_ text: String) -> FileName? {
        let parts = text.split(separator: ".", omittingEmptySubsequences: false)
        guard parts.count == 2, let key = StoreKey(hex: parts[0]), let generation = UInt64(parts[1]),
            // Larger than any counter of ours; counters must be able to go on from the highest.
            generation < 1 << 63
        else { return nil }
        return FileName(key: key, generation: generation)
    }

    /// The names in a directory except `.` and `..`; empty if it cannot be read.
    static func entries(of path: String) -> [String] {
        guard let directory = opendir(path) else { return [] }
        defer { closedir(directory) }
        var names: [String] = []
        while let entry = readdir(directory) {
            let name = withUnsafePointer(to: &entry.pointee.d_name) {
                // The system ends the name with a zero inside the array.
                $0.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
            }
            if name != ".", name != ".." { names.append(name) }
        }
        return names
    }
}
