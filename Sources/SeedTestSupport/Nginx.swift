import Foundation

/// A real nginx on a free loopback port that serves one directory, as an independent origin. Its access log tells what
/// it was asked for.
package final class Nginx: Sendable {
    /// One line of the access log.
    package struct Access: Decodable, Sendable, Hashable {
        package let method: String
        package let uri: String
        package let status: Int
        /// The `Range` header, empty without one.
        package let range: String
        /// Bytes of body that left nginx.
        package let bodyBytesSent: Int
        /// Serial number of the connection.
        package let connection: Int
        /// `HTTP/1.1`, `HTTP/2.0`.
        package let version: String
    }

    package let port: UInt16
    private let scheme: String
    private let prefix: URL
    private let process: ChildProcess

    /// Starts it and waits until it accepts connections.
    /// - Parameters:
    ///   - directory: what it serves.
    ///   - location: further directives for the one `location /`, such as `max_ranges 0;`.
    ///   - identity: speaks TLS under it, HTTP/2 as well as HTTP/1.1.
    package init(serving directory: String, location: String = "", identity: TestAuthority.Identity? = nil) throws {
        scheme = identity == nil ? "http" : "https"
        let prefix = FileManager.default.temporaryDirectory.appending(path: "nginx-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: prefix, withIntermediateDirectories: true)
        self.prefix = prefix
        (port, process) = try Self.start(in: prefix) { Self.text(directory, location, prefix.path, $0, identity) }
    }

    deinit { stop() }

    /// `http://127.0.0.1:port` or the same with https, without a slash at the end.
    package var url: String { "\(scheme)://127.0.0.1:\(port)" }

    package var isRunning: Bool { process.isRunning }

    package var identifier: Int32 { process.identifier }

    /// Stops it, waits for its end and removes its files. Read the access log before.
    package func stop() {
        process.send(SIGTERM)
        _ = process.exitCode()
        try? FileManager.default.removeItem(at: prefix)
    }

    /// Ends it, and tells what it was asked for in all. Its files stay until `stop`.
    package func quit() throws -> [Access] {
        process.send(SIGQUIT)
        guard process.exitCode() != nil else { throw FixtureError("nginx does not end") }
        return try readLog()
    }

    /// What it was asked for so far. A request is logged when nginx is done with it, which may be just after the client
    /// has its last byte: say how many lines must be there.
    package func accesses(atLeast count: Int = 0, within seconds: Double = 10) throws -> [Access] {
        let deadline = Date(timeIntervalSinceNow: Patience.seconds(seconds))
        while true {
            let lines = try readLog()
            if lines.count >= count { return lines }
            guard Date() < deadline else {
                throw FixtureError("nginx logged \(lines.count) requests, not \(count)")
            }
            usleep(2000)  // a file has no event to wait for
        }
    }

    private func readLog() throws -> [Access] {
        let data = try Data(contentsOf: prefix.appending(path: "access.log"))
        // The last line may be half written.
        let complete = data.lastIndex(of: 10).map { data[...$0] } ?? Data()
        return try complete.split(separator: 10).map { try JSONDecoder().decode(Access.self, from: $0) }
    }

    /// Tries another port if the free one is taken before nginx binds it.
    private static func start(in prefix: URL, _ text: (UInt16) -> String) throws -> (UInt16, ChildProcess) {
        let file = prefix.appending(path: "nginx.conf")
        let log = prefix.appending(path: "error.log")
        for _ in 0..<3 {
            let port = try LoopbackSocket.freePort()
            try text(port).write(to: file, atomically: true, encoding: .utf8)
            let process = try ChildProcess("/usr/sbin/nginx", ["-p", prefix.path, "-c", file.path, "-e", log.path])
            if becomesReady(process, at: port, in: prefix) { return (port, process) }
            process.send(SIGKILL)
            _ = process.exitCode()
        }
        throw FixtureError("nginx did not start: \((try? String(contentsOf: log, encoding: .utf8)) ?? "no error log")")
    }

    /// Waits until it listens, which is when it writes its process id: earlier, another process may own the port.
    private static func becomesReady(_ process: ChildProcess, at port: UInt16, in prefix: URL) -> Bool {
        let deadline = Date(timeIntervalSinceNow: Patience.seconds(10))
        let identifier = prefix.appending(path: "nginx.pid").path
        while !FileManager.default.fileExists(atPath: identifier) || !LoopbackSocket.isListening(port: port) {
            guard process.isRunning, Date() < deadline else { return false }
            usleep(2000)  // a file has no event to wait for
        }
        return true
    }

    private static func text(
        _ directory: String, _ location: String, _ prefix: String, _ port: UInt16, _ identity: TestAuthority.Identity?
    ) -> String {
        let tls =
            identity.map {
                "ssl_certificate \($0.certificate); ssl_certificate_key \($0.key); ssl_session_cache shared:tls:1m;"
            } ?? ""
        return """
            daemon off;
            master_process off;
            \(geteuid() == 0 ? "user root;" : "")
            worker_processes 1;
            pid \(prefix)/nginx.pid;
            events { worker_connections 4096; }
            http {
                log_format seed escape=json '{"method":"$request_method","uri":"$request_uri","status":$status,'
                    '"range":"$http_range","bodyBytesSent":$body_bytes_sent,"connection":$connection,'
                    '"version":"$server_protocol"}';
                access_log \(prefix)/access.log seed;
                client_body_temp_path \(prefix)/body;
                proxy_temp_path \(prefix)/proxy;
                fastcgi_temp_path \(prefix)/fastcgi;
                uwsgi_temp_path \(prefix)/uwsgi;
                scgi_temp_path \(prefix)/scgi;
                sendfile on;
                keepalive_requests 1000000;
                server {
                    listen 127.0.0.1:\(port)\(identity == nil ? "" : " ssl http2");
                    \(tls)
                    root \(directory);
                    location / { \(location) }
                }
            }
            """
    }
}
