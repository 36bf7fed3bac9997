package import Foundation
import SeedSupport

/// A real `seed-peer run` on loopback, on free ports, killed at the latest when the object goes.
package final class SeedPeerProcess: Sendable {
    private let process: ChildProcess
    private let stderr = Pipe()
    private let log = Lock("")
    private let changed = Signal()

    /// Starts the program of this build.
    /// - Parameters:
    ///   - arguments: what follows `seed-peer`.
    ///   - limits: a shell command that comes first, such as `ulimit -n 96`.
    package init(arguments: [String], limits: [String] = []) throws {
        let words = ([Self.program.path] + arguments).map { "'\($0)'" }.joined(separator: " ")
        let command = "\(limits.joined(separator: " ")) && exec \(words)"
        process = try ChildProcess(
            limits.isEmpty ? Self.program.path : "/bin/sh", limits.isEmpty ? arguments : ["-c", command],
            errors: .pipe(stderr), onEnd: { [changed] in changed.notify() })
        stderr.fileHandleForReading.readabilityHandler = { [weak self] handle in self?.read(handle) }
    }

    /// Starts with a store and further configuration of sections, and in `extra` whole ones.
    package convenience init(
        store: String, in directory: TemporaryDirectory, backend: String = "", storage: String = "",
        shutdown: String = "drainDelay: 0s", extra: String = "", limits: [String] = []
    ) throws {
        let file = directory.path("seed-peer.yaml")
        try Self.configuration(store: store, backend: backend, storage: storage, shutdown: shutdown, extra: extra)
            .write(toFile: file, atomically: true, encoding: .utf8)
        try self.init(arguments: ["run", "--config", file], limits: limits)
    }

    package var identifier: Int32 { process.identifier }

    package var isRunning: Bool { process.isRunning }

    /// What the program has written to stderr so far.
    package var errorText: String { log.withLock { $0 } }

    /// The port of that listener (`proxy`, `health`, `metrics`, `admin`), as soon as the program is ready.
    package func port(_ name: String = "proxy") throws -> Int {
        let line = changed.wait(within: 60) { self.readyLine ?? (self.process.isRunning ? nil : "") }
        let word = line?.split(separator: " ").first { $0.hasPrefix("\(name)=127.0.0.1:") }
        guard let port = word.flatMap({ Int($0.split(separator: ":")[1]) }) else {
            throw FixtureError("not ready: \(errorText)")
        }
        return port
    }

    /// Asks for a whole URL through the proxy, on a connection of its own. - Parameter fields: complete header lines.
    package func get(_ url: String, fields: [String] = []) throws -> RawResponse {
        let client = try RawClient(port: port())
        try client.send(Self.request(url, fields: fields))
        return try client.readResponse()
    }

    package static func request(_ url: String, fields: [String] = []) -> String {
        let host = url.split(separator: "/")[1]
        let lines = ["GET \(url) HTTP/1.1", "Host: \(host)", "Connection: close"] + fields
        return lines.joined(separator: "\r\n") + "\r\n\r\n"
    }

    /// Asks one of the small listeners.
    package func get(path: String, from listener: String) throws -> RawResponse {
        let client = try RawClient(port: port(listener))
        try client.send("GET \(path) HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
        return try client.readResponse()
    }

    /// The value of a metric now.
    package func metric(_ name: String) throws -> Int {
        let text = try get(path: "/metrics", from: "metrics").text
        let line = text.split(separator: "\n").first { $0.hasPrefix("\(name) ") }
        guard let value = line?.split(separator: " ").last.flatMap({ Int($0) }) else {
            throw FixtureError("no metric \(name) in\n\(text)")
        }
        return value
    }

    /// `exitCode` waits for what comes of it.
    package func send(_ signal: Int32) { process.send(signal) }

    /// SIGKILL, and waits until the process is gone.
    package func kill() { process.kill() }

    /// Anonymous memory of the process that is resident now.
    package func residentBytes() throws -> Int {
        let status = try String(contentsOfFile: "/proc/\(process.identifier)/status", encoding: .utf8)
        let line = status.split(separator: "\n").first { $0.hasPrefix("RssAnon:") }
        let words = line?.split(whereSeparator: { $0 == " " || $0 == "\t" }) ?? []
        guard words.count > 1, let kibibytes = Int(words[1]) else {
            throw FixtureError("no RssAnon in the status of the process")
        }
        return kibibytes * 1024
    }

    /// Waits for the end; nil when it does not come within a minute.
    package var exitCode: Int32? { process.exitCode() }

    /// Waits until stderr contains `text`.
    package func waits(for text: String) -> Bool {
        changed.wait(within: 60) { self.errorText.contains(text) ? true : nil } ?? false
    }

    private var readyLine: Substring? {
        errorText.split(separator: "\n").first { $0.contains("ready proxy=") && $0.contains("admin=") }
    }

    private func read(_ handle: FileHandle) {
        let data = handle.availableData
        if data.isEmpty { handle.readabilityHandler = nil }
        log.withLock { $0 += String(decoding: data, as: UTF8.self) }
        changed.notify()
    }

    /// Runs a command of the program to its end.
    package static func run(_ arguments: [String]) throws -> ChildProcess.Outcome {
        try ChildProcess.run(program.path, arguments)
    }

    /// The tests run from a bundle beside the program; `SEED_PEER` names another one.
    package static let program =
        ProcessInfo.processInfo.environment["SEED_PEER"].map { URL(filePath: $0) }
        ?? URL(filePath: "/proc/self/exe").resolvingSymlinksInPath().deletingLastPathComponent()
        .appending(path: "seed-peer")

    /// Of a server on free ports of loopback that caches every URL.
    package static func configuration(
        store: String, backend: String = "", storage: String = "", shutdown: String = "drainDelay: 0s",
        extra: String = ""
    ) -> String {
        """
        host: {ip: 127.0.0.1}
        proxy: {server: {ip: 127.0.0.1, port: 0}, rules: [{regex: '.*'}]}
        health: {server: {ip: 127.0.0.1, port: 0}}
        metrics: {server: {ip: 127.0.0.1, port: 0}}
        admin: {server: {ip: 127.0.0.1, port: 0}}
        backend: {allowAddresses: [127.0.0.0/8], \(backend)}
        storage: {dir: \(store), \(storage)}
        shutdown: {\(shutdown)}
        \(extra)
        """
    }
}
