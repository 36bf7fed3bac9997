import Foundation
import SeedTestSupport
import Testing

/// A disk that fails under the running server: `CFaultyDisk` is preloaded into it.
@Suite("A faulty disk", .serialized)
struct FaultyDiskTests {
    private static let length = 12 << 20

    private func withFaultyDisk(_ body: (ServerHarness, FaultyDisk) throws -> Void) throws {
        let directory = try TemporaryDirectory()
        let disk = FaultyDisk(control: directory.path("fault"))
        try ServerHarness.with(limits: disk.environment, in: directory) { harness in
            _ = try harness.peer.port()  // no fault of its start is looked at here
            try body(harness, disk)
        }
    }

    @Test(
        "Content cannot be written: the bytes are right, others are served, it is told once, and heals by itself",
        arguments: [EIO, EDQUOT, ENOSPC, EROFS])
    func contentWrites(code: Int32) throws {
        try withFaultyDisk { harness, disk in
            let held = try harness.makeFile("held", length: Self.length)
            #expect(try harness.peer.get(harness.url("held")).body == held)
            let object = try harness.makeFile("object", length: Self.length)
            try disk.fail("pwrite", code, "/content/")
            for _ in 1...2 { #expect(try harness.peer.get(harness.url("object")).body == object) }
            #expect(try harness.peer.get(harness.url("held")).body == held)
            #expect(try harness.peer.metric("seed_peer_storage_content_failing") == 1)
            #expect(harness.peer.errorText.contains(String(cString: strerror(code))))
            #expect(harness.peer.errorText.components(separatedBy: "what they fetch is not stored").count == 2)
            disk.heal()
            try waitUntil("it is stored again") {
                #expect(try harness.peer.get(harness.url("object")).body == object)
                return try harness.peer.get(harness.url("object"))["cache-status"] == "seed-peer; hit"
            }
            #expect(try harness.peer.metric("seed_peer_storage_content_failing") == 0)
            #expect(try harness.peer.metric("seed_peer_aborts_total") == 0)
        }
    }

    @Test("Content cannot be read: it is fetched anew, and no byte is wrong")
    func contentReads() throws {
        try withFaultyDisk { harness, disk in
            let object = try harness.makeFile("object", length: Self.length)
            #expect(try harness.peer.get(harness.url("object")).body == object)
            try harness.waitUntilRecorded(Self.length)
            // Its next life reads every block before it serves one.
            try harness.afterKill { next in
                try disk.fail("pread", EIO, "/content/")
                #expect(try next.peer.get(harness.url("object")).body == object)
                disk.heal()
                #expect(try next.peer.get(harness.url("object")).body == object)
                #expect(try next.peer.metric("seed_peer_aborts_total") == 0)
            }
        }
    }

    @Test(
        "The index cannot be written: requests go on, it is told, and it heals by itself",
        arguments: [EIO, EDQUOT, ENOSPC])
    func indexWrites(code: Int32) throws {
        try withFaultyDisk { harness, disk in
            let object = try harness.makeFile("object", length: Self.length)
            try disk.fail("pwrite", code, "/index/")
            for _ in 1...2 { #expect(try harness.peer.get(harness.url("object")).body == object) }
            try waitUntil("it is told") { try harness.peer.metric("seed_peer_storage_failing") == 1 }
            disk.heal()
            try waitUntil("it is written again") { try harness.peer.metric("seed_peer_storage_failing") == 0 }
            // A full volume makes the store evict.
            try waitUntil("it is held") {
                #expect(try harness.peer.get(harness.url("object")).body == object)
                return try harness.peer.get(harness.url("object"))["cache-status"] == "seed-peer; hit"
            }
            try harness.waitUntilRecorded(Self.length)
            #expect(try harness.peer.metric("seed_peer_aborts_total") == 0)
            try harness.afterKill { next in
                let response = try next.peer.get(harness.url("object"))
                #expect(response.body == object)
                #expect(response["cache-status"] == "seed-peer; hit")
            }
        }
    }
}

/// Tells the preloaded library what is to fail.
private struct FaultyDisk {
    let control: String

    /// A shell command that makes whatever follows suffer from it.
    var environment: [String] {
        let library = SeedPeerProcess.program.deletingLastPathComponent().appending(path: "libFaultyDisk.so").path
        return ["export", "LD_PRELOAD='\(library)'", "FAULTY_DISK='\(control)'"]
    }

    /// From now on this call fails for every file whose path contains `part`.
    func fail(_ call: String, _ code: Int32, _ part: String) throws {
        try "\(call) \(code) \(part)".write(toFile: control, atomically: true, encoding: .utf8)
    }

    func heal() { unlink(control) }
}
