// The server core alone: ranges of one object of 64 MiB, out of memory or out of a file, on one event loop. Prints
// `listening ADDRESS:PORT` and serves until it is ended. `benchmarks/front.sh core` loads it.
//
//   ServerBenchmarks [memory | file]      where the bytes are (memory)

import EventLoops
import Glibc
import HTTPSemantics
import HTTPServer
import SeedSupport

@main
enum ServerBenchmarks {
    static func main() throws {
        let object = try BenchmarkObject(CommandLine.arguments.dropFirst().first ?? "memory")
        let loop = EventLoop(name: "server")
        let configuration = ServerConfiguration(addresses: [SocketAddress(.v4(0x7f00_0001), port: 0)])
        let server = try Server.start(configuration, loops: [loop]) { _ in RangeApplication(object) }
        try System.writeAll(1, "listening \(server.addresses[0])\n")
        while true { pause() }
    }
}

/// 64 MiB.
final class BenchmarkObject: Sendable {
    static let length = 64 << 20

    private let bytes: Bytes
    /// -1 if it is in memory only.
    private let descriptor: Int32

    init(_ place: String) throws(Errno) {
        bytes = Bytes(unsafeUninitializedCapacity: Self.length) { room in
            for index in 0..<Self.length { room[index] = UInt8(truncatingIfNeeded: index &* 31 >> 3) }
            return Self.length
        }
        guard place == "file" else {
            descriptor = -1
            return
        }
        var path = Array("/tmp/server-benchmark-XXXXXX".utf8CString)
        descriptor = mkstemp(&path)
        unlink(path)
        let file = descriptor
        try bytes.withUnsafeBytes { all throws(Errno) in try System.writeAll(file, all) }
    }

    func part(_ range: ByteRange) -> Extent {
        let (offset, count) = (Int(range.lowerBound), Int(range.count))
        guard descriptor >= 0 else { return .leased(bytes.slice(at: offset, count: count), self) }
        return .file(FileExtent(descriptor: descriptor, offset: range.lowerBound, count: count, lease: self))
    }
}

/// Answers whatever is asked with the range of the object, as a cache would: a head of some 400 bytes.
final class RangeApplication: Application {
    private let object: BenchmarkObject
    private let fields = Bytes(
        "Content-Type: application/octet-stream\r\nETag: \"5f3c2a-4000000\"\r\n"
            + "Last-Modified: Sun, 06 Nov 1994 08:49:37 GMT\r\nAccept-Ranges: bytes\r\n"
            + "X-Dragonfly-Task-ID: 0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef\r\n"
            + "X-Dragonfly-Server-IP: 127.0.0.1\r\nVia: 1.1 seed-peer\r\nCache-Status: seed-peer; hit\r\n")

    init(_ object: BenchmarkObject) {
        self.object = object
    }

    func respond(to head: RequestHead, on connection: ClientConnection) {
        let range = Self.range(in: head)
        var response = connection.head(range == nil ? 200 : 206)
        response.append(fields)
        let part = range ?? ByteRange(0, Int64(BenchmarkObject.length))
        if range != nil { response.contentRange(part.lowerBound, part.upperBound, of: Int64(BenchmarkObject.length)) }
        connection.begin(&response, .length(part.count))
        connection.send(object.part(part))
        connection.end()
    }

    private static func range(in head: RequestHead) -> ByteRange? {
        guard head.present.contains(.range), let field = head.fields.first(where: { $0.id == .range }) else {
            return nil
        }
        let value = field.value.bytes(of: head.bytes.unowned)
        defer { withExtendedLifetime(head) {} }
        guard case .one(let spec) = RangeSpec.parse(header: value.assumingMemoryBound(to: UInt8.self)) else {
            return nil
        }
        return spec.resolve(length: Int64(BenchmarkObject.length))
    }
}
