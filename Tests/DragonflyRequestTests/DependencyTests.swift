import Foundation
import SeedTestSupport
import Testing

@Suite("What the library brings along")
struct DependencyTests {
    /// An example that imports nothing but DragonflyRequest.
    private static let example = SeedPeerProcess.program.deletingLastPathComponent().appending(path: "FetchExample")

    @Test("A program with DragonflyRequest is linked to curl and libevent, and to nothing of the store")
    func sharedLibraries() async throws {
        let text = try await Self.run("/usr/bin/ldd", Self.example.path).text
        try #require(text.contains("libc.so"), "ldd shows nothing: \(text)")
        for library in ["libcurl", "libevent_core"] { #expect(text.contains(library), "\(text)") }
        for library in ["lmdb", "isal", "re2", "yaml"] { #expect(!text.contains(library), "\(text)") }
    }

    @Test("No module of the server is in it")
    func modules() async throws {
        #expect(try await Self.contains("DragonflyRequest"), "the search finds what is there")
        // As they stand in mangled names.
        for module in ["SeedStorage", "SeedOrigin", "SeedEngine", "SeedProxy", "SeedServer", "HTTPServer"] {
            #expect(try await !Self.contains("$s\(module.utf8.count)\(module)"), "\(module)")
        }
    }

    private static func contains(_ text: String) async throws -> Bool {
        try await run("/usr/bin/grep", "-aqF", text, example.path).code == 0
    }

    @Test("The example does what it shows")
    func example() async throws {
        let peer = try FaultyOrigin {
            $1.serve(GetTests.object, to: $0, ["ETag: \"v1\"", "Cache-Status: seed-peer; hit"])
        }
        defer { peer.stop() }
        let directory = try TemporaryDirectory()
        let outcome = try await Self.run(
            Self.example.path, "127.0.0.1:\(peer.port)", "http://origin.test/f", directory.path("f"))
        #expect(outcome.code == 0, "\(outcome.errors)")
        #expect(try Data(contentsOf: URL(filePath: directory.path("f"))).elementsEqual(GetTests.object))
    }

    private static func run(_ program: String, _ arguments: String...) async throws -> ChildProcess.Outcome {
        try await blocking { try ChildProcess.run(program, arguments) }
    }
}
