import Foundation
import SeedSupport
import SeedTestSupport
import Testing

/// The program of this build, with a trace of a second.
@Suite("The hit rate benchmark as a program", .serialized)
struct ProgramTests {
    private static let program = SeedPeerProcess.program.deletingLastPathComponent()
        .appending(path: "HitRateBenchmarks").path
    private static let small = ["--scale", "1/256", "--seconds", "3", "--nodes", "4", "--starts", "2"]

    private let directory: TemporaryDirectory

    init() throws {
        directory = try TemporaryDirectory()
    }

    private func arguments(_ more: String...) -> [String] {
        Self.small + ["--output", directory.path("out")] + more
    }

    @Test("With one replica the ring costs the origin what one seed peer costs it")
    func oneReplica() throws {
        let outcome = try ChildProcess.run(
            Self.program,
            arguments("--policy", "sdk-1", "--policy", "service-round-robin", "--scenario", "steady", "--json"))
        #expect(outcome.code == 0, "\(outcome.errors)")
        let result = try #require(JSONSerialization.jsonObject(with: outcome.output) as? [String: Any])
        let rows = try #require(result["results"] as? [[String: Any]])
        var ratios: [String: Double] = [:]
        for row in rows {
            let policy = (row["measurement"] as? [String: Any])?["policy"] as? String
            ratios[policy ?? ""] = row["originPerSingle"] as? Double
        }
        #expect(ratios["single"] == 1)
        #expect(ratios["sdk-1"] == 1)
        #expect(try #require(ratios["service-round-robin"]) > 1.5)
        let files = try FileManager.default.contentsOfDirectory(atPath: directory.path("out"))
        #expect(files.contains("result.json"))
        #expect(files.contains { $0.hasSuffix(".svg") })
    }

    @Test("An origin that dies in the middle is told, with no table and no result", arguments: ["nginx", "seed-peer"])
    func processDies(name: String) throws {
        let out = directory.path("out")
        try FileManager.default.createDirectory(atPath: out, withIntermediateDirectories: true)
        try Data("{}".utf8).write(to: URL(filePath: out + "/result.json"))
        let (output, errors) = (directory.path("output"), directory.path("errors"))
        let child = try ChildProcess(
            Self.program, arguments("--policy", "sdk-1", "--scenario", "steady"), output: .file(output),
            errors: .file(errors))
        // In the middle: the origin has served something.
        let isServing = eventually {
            Self.child(of: child.identifier, named: "nginx").map(Self.accessLogLength) ?? 0 > 0
        }
        #expect(isServing)
        kill(try #require(Self.child(of: child.identifier, named: name)), SIGKILL)
        #expect(child.exitCode() == 1)
        #expect(try System.readFile(output, limit: .max).isEmpty)
        let told = try System.readFile(errors, limit: .max).description
        #expect(told.contains(name == "nginx" ? "the origin (nginx) ended" : "ended by itself"), "\(told)")
        #expect(!FileManager.default.fileExists(atPath: out + "/result.json"))
        #expect(Self.child(of: child.identifier, named: "") == nil)
    }

    @Test(
        "A command line that makes no sense is refused with what is allowed",
        arguments: [
            ["--policy", "best"], ["--peers", "1"], ["--scale", "2"], ["--all", "--policy", "sdk-1"],
            ["--all", "--scenario", "peer-lost"], ["--policy", "single", "--scenario", "small-store"],
        ])
    func refused(words: [String]) throws {
        let outcome = try ChildProcess.run(Self.program, words)
        #expect(outcome.code == 64)
        #expect(!outcome.errors.isEmpty)
        #expect(outcome.output.isEmpty)
    }

    /// Bytes of the access log that the nginx writes.
    private static func accessLogLength(of nginx: Int32) -> Int {
        let descriptors = "/proc/\(nginx)/fd"
        let files = (try? FileManager.default.contentsOfDirectory(atPath: descriptors)) ?? []
        let log = files.compactMap {
            try? FileManager.default.destinationOfSymbolicLink(atPath: "\(descriptors)/\($0)")
        }
        .first { $0.hasSuffix("access.log") }
        let attributes = log.flatMap { try? FileManager.default.attributesOfItem(atPath: $0) }
        return attributes?[.size] as? Int ?? 0
    }

    /// The first child of that process whose program has that name; any child for an empty name.
    private static func child(of parent: Int32, named name: String) -> Int32? {
        let threads = (try? FileManager.default.contentsOfDirectory(atPath: "/proc/\(parent)/task")) ?? []
        let children = threads.compactMap {
            try? String(contentsOfFile: "/proc/\(parent)/task/\($0)/children", encoding: .utf8)
        }
        .flatMap { $0.split(separator: " ") }.compactMap { Int32($0) }
        return children.first { number in
            let program = (try? String(contentsOfFile: "/proc/\(number)/comm", encoding: .utf8)) ?? ""
            return program.hasPrefix(name)
        }
    }
}
