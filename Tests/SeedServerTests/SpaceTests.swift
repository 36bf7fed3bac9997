import Dispatch
import Foundation
import SeedTestSupport
import Synchronization
import Testing

@Suite("Space", .serialized)
struct SpaceTests {
    @Test("W29, W30: twice the budget streams through without a failed request, and what is taken stays within it")
    func streamsThrough() throws {
        let budget = 96 << 20
        let directory = try TemporaryDirectory()
        try ServerHarness.with(extra: "gc: {policy: {diskThreshold: \(budget)}}", in: directory) { harness in
            for number in 0..<24 {
                let file = try harness.makeFile("object-\(number)", length: 8 << 20)
                #expect(try harness.peer.get(harness.url("object-\(number)")).body == file)
                let files = Self.contentFiles(harness)
                #expect(files.bytes <= budget + budget / 100 + files.count << 16)
            }
            #expect(try harness.peer.metric("seed_peer_storage_evicted_pieces_total") > 0)
            #expect(try harness.peer.metric("seed_peer_aborts_total") == 0)
            // The newest is held.
            let before = try harness.originBytes(of: "object-23")
            #expect(try harness.peer.get(harness.url("object-23"))["cache-status"] == "seed-peer; hit")
            #expect(try harness.originBytes(of: "object-23") == before)
        }
    }

    @Test(
        "A 64 MiB volume that fills in the middle of a larger object (256 MiB with SEED_SOAK): the client's bytes are right, twice, and others are served",
        .enabled(if: SmallVolume.isPossible, "tmpfs cannot be mounted here: that takes root"))
    func fullVolume() throws {
        let directory = try TemporaryDirectory()
        let volume = try #require(SmallVolume(mebibytes: 64, in: directory))
        try ServerHarness.with(store: volume.path + "/store", in: directory) { harness in
            let isSoak = ProcessInfo.processInfo.environment["SEED_SOAK"] != nil
            let big = try harness.makeFile("big", length: (isSoak ? 256 : 96) << 20)
            let small = try harness.makeFile("small", length: 5 << 20)
            #expect(try harness.peer.get(harness.url("small")).body == small)
            let others = Others()
            let group = DispatchGroup()
            group.enter()
            Thread.detachNewThread {
                while !others.isOver {
                    others.note((try? harness.peer.get(harness.url("small")).body == small) ?? false)
                }
                group.leave()
            }
            for _ in 1...2 { #expect(try harness.peer.get(harness.url("big")).body == big) }
            others.end()
            group.wait()
            #expect(others.served > 0 && others.failed == 0)
            #expect(try harness.peer.metric("seed_peer_aborts_total") == 0)
        }
    }

    @Test("Descriptors run out: all bytes are right meanwhile, it is said, and later objects are stored again")
    func descriptors() throws {
        try ServerHarness.with(limits: ["ulimit", "-n", "80"]) { harness in
            // More objects than descriptors; each keeps one while it is in memory.
            for number in 0..<160 {
                let file = try harness.makeFile("object-\(number)", length: 10_000 + number)
                #expect(try harness.peer.get(harness.url("object-\(number)")).body == file, "object \(number)")
            }
            // Once for each time that it begins.
            func count(_ text: String) -> Int { harness.peer.errorText.components(separatedBy: text).count - 1 }
            #expect(count("(ulimit -n); requests go on") > 0)
            #expect(count("(ulimit -n); requests go on") <= count("content is written again") + 1)
            #expect(try harness.peer.metric("seed_peer_aborts_total") == 0)
            // The others are not read any more: their descriptors come back.
            let late = try harness.makeFile("late", length: 50_000)
            try waitUntil("objects are stored again") {
                #expect(try harness.peer.get(harness.url("late")).body == late)
                return try harness.peer.get(harness.url("late"))["cache-status"] == "seed-peer; hit"
            }
            #expect(try harness.peer.metric("seed_peer_storage_content_failing") == 0)
        }
    }

    @Test("An object longer than storage.taskSizeLimit passes through and is not stored")
    func taskSizeLimit() throws {
        try ServerHarness.with(storage: "taskSizeLimit: 1MiB") { harness in
            for (name, length) in [("long", (1 << 20) + 1), ("short", 1 << 20)] {
                let file = try harness.makeFile(name, length: length)
                for _ in 1...2 { #expect(try harness.peer.get(harness.url(name)).body == file) }
            }
            #expect(try harness.originBytes(of: "long") >= 2 << 20)
            #expect(try harness.originBytes(of: "short") == 1 << 20)
        }
    }

    private static func contentFiles(_ harness: ServerHarness) -> (count: Int, bytes: Int) {
        let root = harness.store + "/content"
        var (count, bytes) = (0, 0)
        for name in FileManager.default.subpaths(atPath: root) ?? [] where name.contains(".") {
            var status = stat()
            guard stat("\(root)/\(name)", &status) == 0 else { continue }
            count += 1
            bytes += Int(status.st_blocks) * 512
        }
        return (count, bytes)
    }

    /// What happened to the other clients.
    private final class Others: Sendable {
        private let state = Mutex((served: 0, failed: 0, isOver: false))

        var served: Int { state.withLock { $0.served } }
        var failed: Int { state.withLock { $0.failed } }
        var isOver: Bool { state.withLock { $0.isOver } }

        func note(_ isRight: Bool) {
            state.withLock { state in if isRight { state.served += 1 } else { state.failed += 1 } }
        }

        func end() { state.withLock { $0.isOver = true } }
    }
}
