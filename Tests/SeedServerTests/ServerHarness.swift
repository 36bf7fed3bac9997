import Foundation
import SeedTestSupport
import Testing

/// A seed peer process in front of a real nginx that serves one directory of files.
struct ServerHarness {
    let directory: TemporaryDirectory
    let nginx: Nginx
    /// The store's directory.
    let store: String
    private let settings: Settings
    let peer: SeedPeerProcess

    private struct Settings {
        /// Further lines of configuration, and further keys of its section `storage`.
        let extra: String
        let storage: String
        /// A shell command that runs before the seed peer.
        let limits: [String]
    }

    private init(directory: TemporaryDirectory, nginx: Nginx, store: String, settings: Settings) throws {
        self.directory = directory
        self.nginx = nginx
        self.store = store
        self.settings = settings
        peer = try SeedPeerProcess(
            store: store, in: directory, storage: settings.storage, extra: settings.extra, limits: settings.limits)
    }

    /// Starts both, lends them, and stops them whatever happens.
    /// - Parameters:
    ///   - store: the store's directory, if not one inside `directory`.
    ///   - extra: further lines of configuration.
    ///   - storage: further keys of its section `storage`.
    ///   - limits: a shell command that runs before the seed peer.
    static func with(
        store: String? = nil, extra: String = "", storage: String = "", limits: [String] = [],
        in directory: TemporaryDirectory? = nil,
        _ body: (ServerHarness) throws -> Void
    ) throws {
        let directory = try directory ?? TemporaryDirectory()
        let files = directory.path("files")
        try FileManager.default.createDirectory(atPath: files, withIntermediateDirectories: true)
        let nginx = try Nginx(serving: files)
        defer { nginx.stop() }
        let harness = try ServerHarness(
            directory: directory, nginx: nginx, store: store ?? directory.path("store"),
            settings: Settings(extra: extra, storage: storage, limits: limits))
        defer { harness.peer.kill() }
        try body(harness)
    }

    /// The same origin and store with the next life of the seed peer, after the present one was killed.
    func afterKill(_ body: (ServerHarness) throws -> Void) throws {
        peer.kill()
        let next = try ServerHarness(directory: directory, nginx: nginx, store: store, settings: settings)
        defer { next.peer.kill() }
        try body(next)
    }

    func url(_ name: String) -> String { "\(nginx.url)/\(name)" }

    /// A file of random bytes at the origin.
    func makeFile(_ name: String, length: Int) throws -> [UInt8] {
        let bytes = [UInt8](unsafeUninitializedCapacity: length) { buffer, count in
            UnsafeMutableRawBufferPointer(buffer).fillRandomly()
            count = length
        }
        try Data(bytes).write(to: URL(filePath: directory.path("files/\(name)")))
        return bytes
    }

    /// A file of zeros at the origin that takes no room.
    func makeSparseFile(_ name: String, length: Int) throws {
        let path = directory.path("files/\(name)")
        try #require(FileManager.default.createFile(atPath: path, contents: nil))
        try #require(truncate(path, length) == 0)
    }

    /// Asks for a range of a file through the seed peer.
    func get(_ name: String, _ range: Range<Int>, fields: [String] = []) throws -> RawResponse {
        try peer.get(
            url(name), fields: fields + ["Range: bytes=\(range.lowerBound)-\(range.upperBound - 1)"])
    }

    /// Body bytes nginx has sent of that file once no origin request runs any more.
    func originBytes(of name: String) throws -> Int {
        try waitUntil("the origin requests have ended") { try peer.metric("seed_peer_origin_requests") == 0 }
        return try nginx.accesses().filter { $0.uri == "/\(name)" }.reduce(0) { $0 + $1.bodyBytesSent }
    }

    /// Waits until the index on the disk knows of so many bytes.
    func waitUntilRecorded(_ bytes: Int) throws {
        try waitUntil("\(bytes) bytes are recorded") { try peer.metric("seed_peer_storage_used_bytes") >= bytes }
    }
}

/// Asks again and again, for a minute: the other process has no event to wait for.
func waitUntil(_ what: Comment, _ isTrue: () throws -> Bool) throws {
    try #require(try eventually(within: 60, isTrue), what)
}

extension UnsafeMutableRawBufferPointer {
    /// Fills with bytes that no two blocks have in common: the kernel's, since a loop is slow in a debug build.
    fileprivate func fillRandomly() {
        let source = open("/dev/urandom", O_RDONLY)
        defer { close(source) }
        var done = 0
        while done < count {
            let more = read(source, baseAddress.map { $0 + done }, count - done)
            precondition(more > 0, "the kernel has random bytes for everybody")
            done += more
        }
    }
}
