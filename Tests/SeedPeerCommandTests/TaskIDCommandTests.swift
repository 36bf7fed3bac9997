import DragonflyIdentity
import Foundation
import Testing

@testable import seed_peer

@Suite("seed-peer task-id and ring")
struct TaskIDCommandTests {
    @Test("task-id prints the canonical URL, the task id and the store key, as lines or as JSON")
    func taskID() async throws {
        let identity = try TaskIdentity(url: "http://o.example/f?b=2&a=1", marks: .init(tag: "t", pieceLength: 4 << 20))
        let words = ["task-id", "http://o.example/f?b=2&a=1", "--tag", "t", "--piece-length", "4194304"]
        let lines = await Outcome.of(words)
        #expect(lines.code == 0 && lines.errors.isEmpty)
        #expect(
            lines.output == """
                canonical URL: \(identity.canonicalURL)
                task id:       \(identity.taskID)
                store key:     \(identity.storeKey.hex)

                """)
        let report = try JSONDecoder().decode(
            [String: String].self, from: Data(await Outcome.of(words + ["--json"]).output.utf8))
        #expect(report["canonical_url"] == identity.canonicalURL && report["task_id"] == identity.taskID.description)
        #expect(report["store_key"] == identity.storeKey.hex)
    }

    @Test("task-id names a blob by its digest unless told not to")
    func blobDigest() async {
        let digest = String(repeating: "ab", count: 32)
        let url = "http://r.example/v2/n/blobs/sha256:\(digest)"
        #expect(await Outcome.of("task-id", url).output.contains("task id:       \(digest)\n"))
        #expect(await !Outcome.of("task-id", url, "--no-blob-digest").output.contains("task id:       \(digest)\n"))
    }

    @Test(
        "The parameters to leave out are read as seed peers read them",
        arguments: [("a, ,b ", ["a", "", "b"]), ("", [])])
    func filter(written: String, names: [String]) async throws {
        let url = "http://o.example/f?b=1&=2&c=3&a=4"
        let identity = try TaskIdentity(url: url, marks: .init(), filter: QueryFilter(names))
        let outcome = await Outcome.of("task-id", url, "--filtered-query-params", written)
        #expect(outcome.output.contains("task id:       \(identity.taskID)\n"), "\(outcome.errors)")
    }

    @Test("A URL that has no task is a failure with exit code 1")
    func noTask() async {
        let outcome = await Outcome.of("task-id", "http://[o/f")
        #expect(outcome.code == 1 && outcome.output.isEmpty)
        #expect(outcome.errors.hasPrefix("Error: "))
    }

    @Test("ring prints the hosts that the hash ring picks, in its order")
    func ring() async {
        let hosts = HashRing(["a", "b", "c"]).hosts(forKey: "k", count: 2)
        let words = ["ring", "k", "--node", "a", "--node=b", "--node", "c"]
        #expect(await Outcome.of(words).output == hosts.joined(separator: "\n") + "\n")
        #expect(await Outcome.of(words + ["--replicas", "3"]).output.split(separator: "\n").count == 3)
    }
}
