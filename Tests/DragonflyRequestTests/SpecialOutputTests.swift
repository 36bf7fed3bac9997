import Foundation
import HTTPSemantics
import SeedSupport
import SeedTestSupport
import Testing

@testable import DragonflyRequest

@Suite("Outputs that are no regular files")
struct SpecialOutputTests {
    private static let object = (0..<300_000).map { UInt8(truncatingIfNeeded: $0 &* 131 &+ $0 >> 10) }
    private static let options = DownloadOptions(parallel: 3, partSize: 64 << 10)

    /// Gets the object into `path`.
    private static func get(into path: String, timeout: Duration = .seconds(600)) async throws {
        let peer = try FaultyOrigin { $1.serve(object, to: $0, ["ETag: \"v1\""]) }
        defer { peer.stop() }
        let client = try EndpointClient(endpoints: [peer.url])
        try await client.download(
            GetRequest(url: "http://o/f", timeout: timeout), toFile: path, options: options)
    }

    private static func kind(_ path: String) -> mode_t? {
        var status = stat()
        return lstat(path, &status) == 0 ? status.st_mode & S_IFMT : nil
    }

    private static func content(_ path: String) -> [UInt8] {
        (FileManager.default.contents(atPath: path)).map(Array.init) ?? []
    }

    @Test("A FIFO is written in order, and stays")
    func fifo() async throws {
        let directory = try TemporaryDirectory()
        let path = directory.path("pipe")
        #expect(mkfifo(path, 0o600) == 0)
        async let read = SeedTestSupport.blocking { try System.readFile(path, limit: 1 << 20) }
        try await Self.get(into: path)
        #expect(try await read.withUnsafeBytes { Array($0) } == Self.object)
        #expect(Self.kind(path) == S_IFIFO)
        #expect(try FileManager.default.contentsOfDirectory(atPath: directory.path("")) == ["pipe"])
    }

    @Test("The wait for a FIFO's reader ends with the task, and with the request's time", .timeLimit(.minutes(1)))
    func noReader() async throws {
        let directory = try TemporaryDirectory()
        let path = directory.path("pipe")
        #expect(mkfifo(path, 0o600) == 0)
        let download = Task { try await Self.get(into: path) }
        download.cancel()
        await #expect(throws: DragonflyError.cancelled) { try await download.value }
        await #expect(throws: DragonflyError.timeout("\(path) has no reader")) {
            try await Self.get(into: path, timeout: .milliseconds(50))
        }
        #expect(Self.kind(path) == S_IFIFO)
    }

    @Test("So does the wait for room in a FIFO", .timeLimit(.minutes(1)))
    func noRoom() async throws {
        let directory = try TemporaryDirectory()
        let path = directory.path("pipe")
        #expect(mkfifo(path, 0o600) == 0)
        let reader = try System.open(path, O_RDONLY | O_NONBLOCK)
        defer { System.close(reader) }
        let download = Task { try await Self.get(into: path) }
        try await SeedTestSupport.blocking {
            // It has begun, and never ends: a FIFO takes 64 KiB.
            _ = eventually {
                var waiting: CInt = 0
                return ioctl(reader, UInt(FIONREAD), &waiting) == 0 && waiting > 0
            }
        }
        download.cancel()
        await #expect(throws: DragonflyError.cancelled) { try await download.value }
        let output = try await SequentialOutput.open(path, within: .seconds(1))
        await #expect(throws: DragonflyError.timeout("nobody reads from \(path)")) {
            try await output.write(ByteChunk(Bytes(Array(repeating: 7, count: 100_000))), within: .milliseconds(50))
        }
    }

    @Test("A reader that leaves a FIFO is an error of the download, not the end of the program")
    func readerLeaves() async throws {
        let directory = try TemporaryDirectory()
        let path = directory.path("pipe")
        #expect(mkfifo(path, 0o600) == 0)
        async let left: Void = SeedTestSupport.blocking {
            let reader = try System.open(path, O_RDONLY)
            System.close(reader)
        }
        await #expect(throws: OutputError.self) { try await Self.get(into: path) }
        try await left
        #expect(Self.kind(path) == S_IFIFO)
    }

    @Test("A device takes the bytes and stays; one that is full is an error")
    func devices() async throws {
        let directory = try TemporaryDirectory()
        for (name, device) in [("null", "/dev/null"), ("full", "/dev/full")] {
            #expect(symlink(device, directory.path(name)) == 0)
        }
        try await Self.get(into: directory.path("null"))
        let error = await #expect(throws: OutputError.self) { try await Self.get(into: directory.path("full")) }
        #expect(error?.description.hasSuffix("No space left on device") == true)
        for name in ["null", "full"] { #expect(Self.kind(directory.path(name)) == S_IFLNK) }
        #expect(Self.kind("/dev/null") == S_IFCHR && Self.kind("/dev/full") == S_IFCHR)
    }

    @Test("Through symbolic links the file at their end is replaced, in its own directory, and the links stay")
    func links() async throws {
        let directory = try TemporaryDirectory()
        let (real, target, link) = (directory.path("real"), directory.path("real/target"), directory.path("link"))
        #expect(mkdir(real, 0o700) == 0)
        #expect(symlink("real/second", link) == 0 && symlink("target", directory.path("real/second")) == 0)
        try Data("old".utf8).write(to: URL(fileURLWithPath: target))
        let old = try System.open(target, O_RDONLY)
        defer { System.close(old) }
        try await Self.get(into: link)
        #expect(Self.content(target) == Self.object)
        #expect(Self.kind(link) == S_IFLNK && Self.kind(directory.path("real/second")) == S_IFLNK)
        // Who had it open still reads what it was: it was replaced as a whole.
        var buffer = [UInt8](repeating: 0, count: 16)
        #expect(buffer.withUnsafeMutableBytes { pread(old, $0.baseAddress, 16, 0) } == 3)
        #expect(try Set(FileManager.default.contentsOfDirectory(atPath: real)) == ["second", "target"])
    }

    @Test("A link that leads to a free name makes a file of that name")
    func danglingLink() async throws {
        let directory = try TemporaryDirectory()
        #expect(symlink("free", directory.path("link")) == 0)
        try await Self.get(into: directory.path("link"))
        #expect(Self.content(directory.path("free")) == Self.object)
        #expect(Self.kind(directory.path("link")) == S_IFLNK)
    }

    @Test("A descriptor's name means the descriptor: its file is written from where it stands")
    func descriptor() async throws {
        let directory = try TemporaryDirectory()
        let path = directory.path("open")
        let file = try System.open(path, O_RDWR | O_CREAT)
        defer { System.close(file) }
        try System.writeAll(file, "before ")
        #expect(symlink("/dev/fd/\(file)", directory.path("link")) == 0)
        #expect(try OutputTarget(directory.path("link")) == .descriptor(file))
        try await Self.get(into: directory.path("link"))
        try System.writeAll(file, " after")
        #expect(Self.content(path) == Array("before ".utf8) + Self.object + Array(" after".utf8))
    }

    @Test("A file that another process has open is written even when its name is gone, and no other is made")
    func nameless() async throws {
        let directory = try TemporaryDirectory()
        let pipe = Pipe()
        let script = "exec 3>'\(directory.path("open"))'; rm '\(directory.path("open"))'; echo ready; kill -STOP $$"
        let other = try ChildProcess("/bin/sh", ["-c", script], output: .pipe(pipe))
        defer { other.kill() }
        #expect(try await SeedTestSupport.blocking { pipe.fileHandleForReading.availableData } == Data("ready\n".utf8))
        let path = "/proc/\(other.identifier)/fd/3"
        try Data(count: Self.object.count + 1).write(to: URL(fileURLWithPath: path))
        try await Self.get(into: path)
        #expect(Self.content(path) == Self.object)
        #expect(try FileManager.default.contentsOfDirectory(atPath: directory.path("")).isEmpty)
    }

    @Test("Directories, sockets and links in a circle are refused before anything is asked for")
    func refused() async throws {
        let directory = try TemporaryDirectory()
        #expect(symlink("circle", directory.path("circle")) == 0)
        #expect(mknod(directory.path("socket"), S_IFSOCK | 0o600, 0) == 0)
        let client = try EndpointClient(endpoints: ["http://127.0.0.1:1"])
        for path in [directory.path(""), directory.path("circle"), directory.path("socket")] {
            await #expect(throws: OutputError.self, "\(path)") {
                try await client.download(GetRequest(url: "http://o/f"), toFile: path)
            }
        }
    }
}
