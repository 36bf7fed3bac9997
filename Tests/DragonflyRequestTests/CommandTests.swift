import DragonflyRequest
import Foundation
import HTTPSemantics
import SeedTestSupport
import Testing

@Suite("The commands get and lookup")
struct CommandTests {
    private static let object = GetTests.object
    private static let url = "http://origin.test/f"

    /// Runs the program of this build to its end.
    private static func run(_ arguments: String...) async throws -> ChildProcess.Outcome {
        try await run(arguments: arguments)
    }

    private static func run(arguments: [String]) async throws -> ChildProcess.Outcome {
        try await blocking { try SeedPeerProcess.run(arguments) }
    }

    private static func good() throws -> FaultyOrigin {
        try FaultyOrigin { $1.serve(object, to: $0, ["ETag: \"v1\"", "Cache-Status: seed-peer; hit"]) }
    }

    private static func authority(_ peer: FaultyOrigin) -> String { "127.0.0.1:\(peer.port)" }

    @Test("get writes to standard output, and tells the rest on stderr as JSON")
    func standardOutput() async throws {
        let peer = try Self.good()
        defer { peer.stop() }
        let outcome = try await Self.run(
            "get", Self.url, "--peers", Self.authority(peer), "--range", "10-99", "--json", "--tag", "t", "-H", "X-A: b"
        )
        #expect(outcome.code == 0, "\(outcome.errors)")
        #expect(outcome.output.elementsEqual(Self.object[10..<100]))
        let report = try JSONSerialization.jsonObject(with: Data(outcome.errors.utf8)) as? [String: Any]
        #expect(report?["status_code"] as? Int == 206)
        #expect((report?["header"] as? [String: String])?["cache-status"] == "seed-peer; hit")
        #expect(report?["hits"] as? Int == 1)
        let sent = try #require(peer.requests.last?.headers)
        #expect(sent[.init("X-A")!] == "b")
        #expect(sent[.init("X-Dragonfly-Tag")!] == "t")
    }

    @Test("Another name of standard output means the same as -")
    func namedStandardOutput() async throws {
        let peer = try Self.good()
        defer { peer.stop() }
        for name in ["/dev/stdout", "/proc/self/fd/1"] {
            let outcome = try await Self.run("get", Self.url, "--peers", Self.authority(peer), "--json", "-o", name)
            #expect(outcome.code == 0 && outcome.output.elementsEqual(Self.object), "\(outcome.errors)")
            #expect(outcome.errors.contains("status_code"))
        }
    }

    @Test("get and task-id read the options of a task alike, as seed peers do", arguments: ["a, ,b ", ""])
    func taskOptions(names: String) async throws {
        let peer = try Self.good()
        defer { peer.stop() }
        let url = Self.url + "?b=1&=2&c=3&a=4"
        let options = ["--tag", "t", "--piece-length", "8388608", "--filtered-query-params", names]
        let outcome = try await Self.run(arguments: ["task-id", url, "--json"] + options)
        let report = try JSONDecoder().decode([String: String].self, from: outcome.output)
        let (read, header): ([String], String?) = names.isEmpty ? ([], nil) : (["a", "", "b"], "a,,b")
        let task = try DragonflyTask(url: url, tag: "t", pieceLength: 8 << 20, filteredQueryParams: read)
        #expect(report["task_id"] == task.id, "\(outcome.errors)")
        let got = try await Self.run(arguments: ["get", url, "--peers", Self.authority(peer)] + options)
        #expect(got.code == 0, "\(got.errors)")
        let sent = try #require(peer.requests.last?.headers)
        #expect(sent[.init("X-Dragonfly-Filtered-Query-Params")!] == header)
        #expect(sent[.init("X-Dragonfly-Tag")!] == "t" && sent[.init("X-Dragonfly-Piece-Length")!] == "8388608")
    }

    @Test("get writes a file, and goes on with one that is partly there")
    func file() async throws {
        let directory = try TemporaryDirectory()
        let path = directory.path("f")
        let broken = try FaultyOrigin { _, connection in
            connection.head(
                "206 Partial Content", "Content-Range: bytes 0-299999/300000", "ETag: \"v1\"", "Content-Length: 300000")
            connection.write(Array(Self.object.prefix(1000)))
            connection.cut()
        }
        defer { broken.stop() }
        let first = try await Self.run(
            "get", Self.url, "--peers", "a=\(Self.authority(broken))", "-o", path, "--retries", "0")
        #expect(first.code == 8, "\(first.errors)")
        #expect(FileManager.default.fileExists(atPath: path + ".part"))
        let peer = try Self.good()
        defer { peer.stop() }
        let second = try await Self.run("get", Self.url, "--peers", "a=\(Self.authority(peer))", "-o", path, "--json")
        #expect(second.code == 0, "\(second.errors)")
        #expect(second.errors.isEmpty, "no progress bar without a terminal: \(second.errors)")
        #expect(try Data(contentsOf: URL(filePath: path)).elementsEqual(Self.object))
        #expect(try FileManager.default.contentsOfDirectory(atPath: directory.path) == ["f"])
    }

    /// What a seed peer answers, and the exit code that says who failed.
    private static let responses: [(String, String?, Int32)] = [
        ("404 Not Found", "backend", 3), ("403 Forbidden", "proxy", 4), ("500 Broken", "dfdaemon", 5),
        ("302 Found", nil, 4),
    ]

    @Test("The exit code of get tells whose failure it was", arguments: 0..<4)
    func exitCodes(index: Int) async throws {
        let (status, type, code) = Self.responses[index]
        let peer = try FaultyOrigin { _, connection in
            connection.respond(status, type.map { ["X-Dragonfly-Error-Type: \($0)"] } ?? [])
        }
        defer { peer.stop() }
        let outcome = try await Self.run("get", Self.url, "--peers", Self.authority(peer), "--retries", "0")
        #expect(outcome.code == code, "\(outcome.errors)")
        #expect(outcome.errors.hasPrefix("seed-peer: "))
    }

    @Test("What a stranger writes into a refusal moves no terminal")
    func controls() async throws {
        let text = Array("\u{1b}[2Jgone\r\nfor ever\u{7}".utf8)
        let peer = try FaultyOrigin { _, connection in
            connection.respond("404 Not Found", ["X-Dragonfly-Error-Type: backend"], body: text)
        }
        defer { peer.stop() }
        let outcome = try await Self.run("get", Self.url, "--peers", Self.authority(peer))
        #expect(outcome.code == 3)
        let message = "seed-peer: the origin answered status 404: \\u{1B}[2Jgone\\r\\nfor ever\\u{07}\n"
        #expect(outcome.errors == message)
    }

    @Test("Other failures of get have codes of their own")
    func otherFailures() async throws {
        let peer = try FaultyOrigin { $1.stall() }
        let good = try Self.good()
        let gone = try ClosedPort()
        defer { withExtendedLifetime(gone) {} }
        defer { [peer, good].forEach { $0.stop() } }
        #expect(
            try await Self.run("get", Self.url, "--peers", Self.authority(peer), "--retries", "0", "--timeout", "1")
                .code == 7
        )
        #expect(try await Self.run("get", Self.url, "--peers", "127.0.0.1:\(gone.port)").code == 6)
        #expect(
            try await Self.run(
                "get", Self.url, "--peers", "127.0.0.1:\(gone.port)", "--no-health-check", "--retries", "0"
            )
            .code
                == 8)
        #expect(try await Self.run("get", Self.url, "--peers", Self.authority(good), "-o", "/proc/none/f").code == 9)
        #expect(try await Self.run("get", "ftp://o/f", "--peers", Self.authority(good)).code == 2)
        #expect(try await Self.run("get", Self.url, "--peers", "").code == 2)
        for arguments in [
            [], ["--peers", "a:1", "--dns", "b"], ["--peers", "a:1", "--range", "9-1"], ["--peers", "a:1", "-H", "x"],
        ] {
            let outcome = try await Self.run(arguments: ["get", Self.url] + arguments)
            #expect(outcome.code == 64, "\(arguments) \(outcome.errors)")
        }
    }

    @Test("lookup prints the replicas in ring order")
    func lookup() async throws {
        for vector in Vectors.all.selections where vector.input.content == nil && vector.input.usesBlobDigest != false {
            let list = vector.nodes.enumerated().map { "\($1)=10.0.0.\($0):4001" }.joined(separator: ",")
            let marks =
                (vector.input.tag.map { ["--tag", $0] } ?? [])
                + (vector.input.application.map { ["--application", $0] } ?? [])
            let outcome = try await Self.run(
                arguments: [
                    "lookup", vector.input.url ?? "", "--peers", list, "--no-health-check", "--json", "--replicas",
                    "\(vector.input.replicas ?? 2)",
                ] + marks)
            let report = try JSONDecoder().decode([String: [String]].self, from: outcome.output)
            let hosts = try vector.expected.map { name in
                "http://10.0.0.\(try #require(vector.nodes.firstIndex(of: name))):4001"
            }
            #expect(report == ["endpoints": hosts])
        }
    }

    @Test("lookup finds the seed peers by DNS")
    func lookupByDNS() async throws {
        let name = "_proxy._tcp.seed-peer.ns.svc.cluster.local"
        let server = try NameServer([
            name: [.srv(target: "seed-peer-0.seed-peer.ns.svc.cluster.local", port: 4001)],
            "seed-peer-0.seed-peer.ns.svc.cluster.local": [.a("10.1.2.3")],
        ])
        defer { server.stop() }
        let outcome = try await Self.run(
            "lookup", Self.url, "--dns", name, "--dns-server", server.address, "--no-health-check")
        #expect(String(decoding: outcome.output, as: UTF8.self) == "http://10.1.2.3:4001\n", "\(outcome.errors)")
    }
}
