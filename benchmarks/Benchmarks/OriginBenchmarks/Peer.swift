import Foundation
import SeedTestSupport

/// A seed peer process with a store of its own, killed and deleted when the object goes.
final class Peer {
    let port: Int
    private let process: ChildProcess
    private let log = Pipe()
    private let directory: URL

    /// - Parameter memoryTier: bytes of hot blocks it may keep in memory, as the configuration has it.
    init(memoryTier: String = "64MiB") throws {
        let environment = ProcessInfo.processInfo.environment
        let base = environment["BENCH_DIR"].map { URL(filePath: $0) } ?? FileManager.default.temporaryDirectory
        directory = base.appending(path: "origin-bench-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: true)
        let file = directory.appending(path: "seed-peer.yaml")
        try Self.configuration(store: directory.path, memoryTier).write(to: file, atomically: true, encoding: .utf8)
        process = try ChildProcess(
            environment["SEED_PEER"] ?? ".build/release/seed-peer", ["run", "--config", file.path], errors: .pipe(log))
        port = try Self.readyPort(log.fileHandleForReading)
    }

    deinit {
        process.kill()
        try? FileManager.default.removeItem(at: directory)
    }

    func client(receiveBuffer: Int32? = nil) throws -> RawClient {
        try RawClient(port: port, receiveBuffer: receiveBuffer, timeout: 120)
    }

    /// Memory that is not backed by files, in bytes.
    func anonymousMemory() throws -> Int {
        let text = try String(contentsOfFile: "/proc/\(process.identifier)/status", encoding: .utf8)
        let line = text.split(separator: "\n").first { $0.hasPrefix("RssAnon:") }
        return (line?.split(separator: " ").dropFirst().first.flatMap { Int($0) } ?? 0) * 1024
    }

    private static func readyPort(_ log: FileHandle) throws -> Int {
        var text = ""
        while true {
            let data = log.availableData
            guard !data.isEmpty else { throw FixtureError("the seed peer did not start: \(text)") }
            text += String(decoding: data, as: UTF8.self)
            guard let word = text.split(whereSeparator: \.isWhitespace).first(where: { $0.hasPrefix("proxy=127") }),
                text.hasSuffix("\n"), let port = Int(word.split(separator: ":")[1])
            else { continue }
            log.readabilityHandler = { if $0.availableData.isEmpty { $0.readabilityHandler = nil } }
            return port
        }
    }

    private static func configuration(store: String, _ memoryTier: String) -> String {
        """
        host: {ip: 127.0.0.1}
        proxy: {server: {ip: 127.0.0.1, port: 0}, rules: [{regex: '.*'}]}
        health: {server: {ip: 127.0.0.1, port: 0}}
        metrics: {server: {ip: 127.0.0.1, port: 0}}
        admin: {server: {ip: 127.0.0.1, port: 0}}
        backend: {allowAddresses: [127.0.0.0/8]}
        storage: {dir: \(store)/store, cacheCapacity: \(memoryTier)}
        """
    }
}

extension RawClient {
    /// Asks for a range through a proxy, or directly; then `readHead` is next.
    func ask(_ url: String, _ range: Range<Int64>? = nil) throws {
        let host = url.split(separator: "/")[1]
        let field = range.map { "Range: bytes=\($0.lowerBound)-\($0.upperBound - 1)\r\n" } ?? ""
        try send("GET \(url) HTTP/1.1\r\nHost: \(host)\r\n\(field)\r\n")
    }

    /// Reads a body of `count` bytes and compares it with the object from `offset` on.
    func check(_ count: Int64, of object: FaultyObject, at offset: Int64) throws {
        var place = offset
        while place < offset + count {
            let bytes = try read(atMost: Int(min(1 << 18, offset + count - place)))
            guard !bytes.isEmpty else { throw WrongBytes("the body ended at \(place)") }
            if let wrong = object.firstDifference(in: bytes, at: place) { throw WrongBytes("wrong byte at \(wrong)") }
            place += Int64(bytes.count)
        }
    }
}
