import DragonflyRequest
import Foundation
import HTTPSemantics
import SeedSupport
import SeedTestSupport
import Testing

@Suite("Large objects by parallel ranges")
struct DownloadTests {
    private static let object = (0..<1_000_000).map { UInt8(truncatingIfNeeded: $0 &* 131 &+ $0 >> 10) }
    private static let tag = ["ETag: \"v1\""]
    private static let options = DownloadOptions(parallel: 3, partSize: 64 << 10)

    private static func good(_ object: [UInt8] = object, _ fields: [String] = tag) throws -> FaultyOrigin {
        try FaultyOrigin { $1.serve(object, to: $0, fields) }
    }

    /// Serves what begins below byte 400,000, and cuts off whoever asks for more.
    private static func breaking() throws -> FaultyOrigin {
        try FaultyOrigin { request, connection in
            let range = request.range(in: object.count) ?? 0..<0
            guard range.lowerBound < 400_000 else { return connection.cut() }
            connection.serve(object, to: request, tag)
        }
    }

    @Test("Into a buffer, in order, with progress")
    func buffer() async throws {
        let peers = try (0..<2).map { _ in try Self.good() }
        defer { peers.forEach { $0.stop() } }
        let client = try EndpointClient(endpoints: peers.map(\.url))
        let reports = Lock<[DownloadProgress]>([])
        var buffer: [UInt8] = [9]
        let head = try await client.download(GetRequest(url: "http://o/f"), into: &buffer, options: Self.options) {
            report in
            reports.withLock { $0.append(report) }
        }
        #expect(head.status == 206)
        #expect(buffer == [9] + Self.object)
        let seen = reports.withLock { $0 }
        #expect(seen.map(\.received) == seen.map(\.received).sorted())
        #expect(seen.last == DownloadProgress(received: 1_000_000, total: 1_000_000))
        #expect(peers.flatMap(\.requests).count == 16)
    }

    @Test(
        "A part is not taken for the whole object, whatever it says of itself",
        arguments: [
            "X-None: 0", "Content-Range: bytes */10", "Content-Range: bytes 3-0/10", "Content-Range: bytes 0-99/10",
            "Content-Range: bytes 0-3/0", "Content-Range: bytes 0-3/*", "Content-Range: items 0-3/4",
            "Content-Type: multipart/byteranges; boundary=b",
        ])
    func unaskedPart(field: String) async throws {
        let directory = try TemporaryDirectory()
        let peer = try FaultyOrigin { _, connection in
            connection.write("HTTP/1.1 206 Partial Content\r\n\(field)\r\nContent-Length: 4\r\n\r\nPART")
        }
        defer { peer.stop() }
        let client = try EndpointClient(endpoints: [peer.url])
        let path = directory.path("object")
        await #expect(throws: DragonflyError.self) {
            try await client.download(GetRequest(url: "http://o/f"), toFile: path, options: Self.options)
        }
        #expect(!FileManager.default.fileExists(atPath: path))
    }

    @Test("Into a file that appears when it is complete", arguments: [nil, 100_000..<700_001 as Range<Int64>])
    func file(range: Range<Int64>?) async throws {
        let directory = try TemporaryDirectory()
        let peer = try Self.good()
        defer { peer.stop() }
        let client = try EndpointClient(endpoints: [peer.url])
        let path = directory.path("object")
        try await client.download(GetRequest(url: "http://o/f", range: range), toFile: path, options: Self.options)
        let wanted = range.map { Self.object[Int($0.lowerBound)..<Int($0.upperBound)] } ?? Self.object[...]
        #expect(try Data(contentsOf: URL(filePath: path)) == Data(wanted))
        #expect(try FileManager.default.contentsOfDirectory(atPath: directory.path) == ["object"])
    }

    @Test(
        "What is there is not fetched again, as long as the object is the same",
        arguments: ["same", "changed", "torn state"])
    func resumes(then: String) async throws {
        let directory = try TemporaryDirectory()
        let path = directory.path("object")
        let broken = try Self.breaking()
        defer { broken.stop() }
        let first = try EndpointClient(endpoints: [broken.url])
        await #expect(throws: DragonflyError.self) {
            try await first.download(GetRequest(url: "http://o/f"), toFile: path, options: Self.options)
        }
        #expect(!FileManager.default.fileExists(atPath: path))
        if then == "torn state" {
            let state = try FileHandle(forUpdating: URL(filePath: path + ".part.state"))
            try state.seekToEnd()
            try state.write(contentsOf: Data("393216-45".utf8))
        }
        let next = then == "changed" ? Array(Self.object.reversed()) : Self.object
        let peer = try Self.good(next, then == "changed" ? ["ETag: \"v2\""] : Self.tag)
        defer { peer.stop() }
        let second = try EndpointClient(endpoints: [peer.url])
        try await second.download(GetRequest(url: "http://o/f"), toFile: path, options: Self.options)
        #expect(try Data(contentsOf: URL(filePath: path)) == Data(next))
        let asked = peer.requests.count
        if then == "changed" { #expect(asked == 16) } else { #expect(asked < 13, "\(asked) requests") }
        #expect(try FileManager.default.contentsOfDirectory(atPath: directory.path) == ["object"])
    }

    @Test("An object without a version comes in one stream", arguments: [["X: y"], ["ETag: W/\"v1\""], ["ETag: \"\""]])
    func noVersion(fields: [String]) async throws {
        let peer = try Self.good(Self.object, fields)
        defer { peer.stop() }
        var buffer: [UInt8] = []
        let client = try EndpointClient(endpoints: [peer.url])
        let head = try await client.download(GetRequest(url: "http://o/f"), into: &buffer, options: Self.options)
        #expect(head.status == 200)
        #expect(buffer == Self.object)
        #expect(peer.requests.count == 2)
    }

    @Test("An origin without ranges, and an empty object")
    func noRanges() async throws {
        let directory = try TemporaryDirectory()
        let peer = try FaultyOrigin { request, connection in
            if request.target.hasSuffix("empty") { return _ = connection.serve([], to: request) }
            connection.respond(body: Self.object)
        }
        defer { peer.stop() }
        let client = try EndpointClient(endpoints: [peer.url])
        try await client.download(GetRequest(url: "http://o/f"), toFile: directory.path("f"), options: Self.options)
        #expect(try Data(contentsOf: URL(filePath: directory.path("f"))) == Data(Self.object))
        await #expect(throws: DragonflyError.self) {
            try await client.download(GetRequest(url: "http://o/f", range: 5..<9), toFile: directory.path("g"))
        }
        let empty = try FaultyOrigin { request, connection in
            guard request.headers[.range] != nil else { return _ = connection.respond() }
            connection.respond("416 Range", ["Content-Range: bytes */0", "X-Dragonfly-Error-Type: backend"])
        }
        defer { empty.stop() }
        try await EndpointClient(endpoints: [empty.url])
            .download(GetRequest(url: "http://o/e"), toFile: directory.path("e"))
        // Not `Data(contentsOf:)`: it leaks a buffer when the file is empty.
        #expect(try System.readFile(directory.path("e"), limit: .max).isEmpty)
    }

    @Test("An object that changes on the way gives no file and no bytes")
    func changes() async throws {
        let peer = try FaultyOrigin { request, connection in
            let isFirst = request.headers[.range]?.hasPrefix("bytes=0-") == true
            connection.serve(Self.object, to: request, [isFirst ? "ETag: \"v1\"" : "ETag: \"v2\""])
        }
        defer { peer.stop() }
        let directory = try TemporaryDirectory()
        let client = try EndpointClient(endpoints: [peer.url])
        let request = GetRequest(url: "http://o/f")
        var buffer: [UInt8] = [1]
        await #expect(throws: DragonflyError.self) {
            try await client.download(request, into: &buffer, options: Self.options)
        }
        #expect(buffer == [1])
        await #expect(throws: DragonflyError.self) {
            try await client.download(request, toFile: directory.path("f"), options: Self.options)
        }
        #expect(!FileManager.default.fileExists(atPath: directory.path("f")))
    }

    @Test("A first response shorter than the part asked for is not taken for it")
    func shortFirstResponse() async throws {
        let once = Counter(1)
        let peer = try FaultyOrigin { request, connection in
            guard once.takeOne() else {
                return _ = connection.serve(Self.object, to: request, Self.tag)
            }
            connection.respond(
                "206 Partial Content", Self.tag + ["Content-Range: bytes 0-999/1000000"],
                body: Array(Self.object.prefix(1000)))
        }
        defer { peer.stop() }
        var buffer: [UInt8] = []
        let client = try EndpointClient(endpoints: [peer.url])
        try await client.download(GetRequest(url: "http://o/f"), into: &buffer, options: Self.options)
        #expect(buffer == Self.object)
    }

    @Test("A Range in the caller's own headers is what is downloaded")
    func rangeInHeaders() async throws {
        let peer = try Self.good()
        defer { peer.stop() }
        var buffer: [UInt8] = []
        let client = try EndpointClient(endpoints: [peer.url])
        let request = GetRequest(url: "http://o/f", headers: [.range: "bytes=0-99"])
        try await client.download(request, into: &buffer, options: Self.options)
        #expect(buffer.elementsEqual(Self.object.prefix(100)))
    }

    @Test("A length beyond all parts is refused, not counted out")
    func endlessObject() async throws {
        let peer = try FaultyOrigin { _, connection in
            connection.respond(
                "206 Partial Content", Self.tag + ["Content-Range: bytes 0-65535/9000000000000000000"],
                body: Array(Self.object.prefix(65_536)))
        }
        defer { peer.stop() }
        var buffer: [UInt8] = []
        let client = try EndpointClient(endpoints: [peer.url])
        let error = await #expect(throws: DragonflyError.self) {
            try await client.download(GetRequest(url: "http://o/f"), into: &buffer, options: Self.options)
        }
        #expect(error?.description.contains("parts") == true)
    }

    @Test("A part from a replica with another version is asked for again")
    func replicaBehind() async throws {
        let once = Counter(1)
        let peer = try FaultyOrigin { request, connection in
            let isOld = request.headers[.range] == "bytes=65536-131071" && once.takeOne()
            connection.serve(Self.object, to: request, [isOld ? "ETag: \"v0\"" : "ETag: \"v1\""])
        }
        defer { peer.stop() }
        var buffer: [UInt8] = []
        let client = try EndpointClient(endpoints: [peer.url])
        try await client.download(GetRequest(url: "http://o/f"), into: &buffer, options: Self.options)
        #expect(buffer == Self.object)
    }

    @Test("A state that outlived its bytes is not believed")
    func stateWithoutBytes() async throws {
        let directory = try TemporaryDirectory()
        let path = directory.path("object")
        let broken = try Self.breaking()
        defer { broken.stop() }
        await #expect(throws: DragonflyError.self) {
            try await EndpointClient(endpoints: [broken.url])
                .download(GetRequest(url: "http://o/f"), toFile: path, options: Self.options)
        }
        try Data().write(to: URL(filePath: path + ".part"))
        let peer = try Self.good()
        defer { peer.stop() }
        try await EndpointClient(endpoints: [peer.url])
            .download(GetRequest(url: "http://o/f"), toFile: path, options: Self.options)
        #expect(try Data(contentsOf: URL(filePath: path)) == Data(Self.object))
    }

    @Test("A file that cannot be written is told, and options that make no sense")
    func refused() async throws {
        let peer = try Self.good()
        defer { peer.stop() }
        let client = try EndpointClient(endpoints: [peer.url])
        let request = GetRequest(url: "http://o/f")
        let error = await #expect(throws: OutputError.self) {
            try await client.download(request, toFile: "/proc/none/f", options: Self.options)
        }
        #expect(error?.description.contains("/proc/none/f") == true)
        for options in [
            DownloadOptions(parallel: 0), .init(parallel: 65), .init(partSize: 1), .init(partSize: 2 << 30),
        ] {
            await #expect(throws: DragonflyError.self) {
                try await client.download(request, toFile: "/dev/null", options: options)
            }
        }
    }

    /// With and without parts that are safely on the disk.
    @Test(
        "A replaced file keeps its permissions, and others can't read its bytes meanwhile",
        arguments: [true, false])
    func permissions(isWhole: Bool) async throws {
        let directory = try TemporaryDirectory()
        let path = directory.path("object")
        let modes = Lock<Set<mode_t>>([])
        let peer = try Self.good(Self.object, isWhole ? [] : Self.tag)
        defer { peer.stop() }
        let client = try EndpointClient(endpoints: [peer.url])
        for mode in [0o600, 0o640, 0o400, 0o777] as [mode_t] {
            try Data("old".utf8).write(to: URL(filePath: path))
            #expect(chmod(path, mode) == 0)
            modes.withLock { $0 = [] }
            try await client.download(GetRequest(url: "http://o/f"), toFile: path, options: Self.options) { _ in
                let seen = ["part", "part.state"].compactMap { Self.mode("\(path).\($0)") }
                modes.withLock { $0.formUnion(seen) }
            }
            #expect(Self.mode(path) == mode)
            #expect(modes.withLock { $0 }.allSatisfy { $0 & 0o077 & ~mode == 0 }, "\(modes.withLock { $0 })")
            #expect(!modes.withLock { $0 }.isEmpty)
            #expect(unlink(path) == 0)
        }
    }

    private static func mode(_ path: String) -> mode_t? {
        var status = stat()
        return lstat(path, &status) == 0 ? status.st_mode & 0o777 : nil
    }

    @Test("A part that is a symbolic link is refused, and one of the state is deleted; neither is followed")
    func plantedLinks() async throws {
        let directory = try TemporaryDirectory()
        let (path, victim) = (directory.path("object"), directory.path("victim"))
        let peer = try Self.good()
        defer { peer.stop() }
        let client = try EndpointClient(endpoints: [peer.url])
        try Data("precious".utf8).write(to: URL(filePath: victim))
        #expect(symlink(victim, path + ".part") == 0)
        let error = await #expect(throws: OutputError.self) {
            try await client.download(GetRequest(url: "http://o/f"), toFile: path, options: Self.options)
        }
        #expect(
            error?.description
                == "cannot open \(path).part: it is a symbolic link; delete it, or write elsewhere")
        #expect(unlink(path + ".part") == 0 && symlink(victim, path + ".part.state") == 0)
        try await client.download(GetRequest(url: "http://o/f"), toFile: path, options: Self.options)
        #expect(try Data(contentsOf: URL(filePath: victim)) == Data("precious".utf8))
        #expect(try Set(FileManager.default.contentsOfDirectory(atPath: directory.path)) == ["object", "victim"])
    }
}
