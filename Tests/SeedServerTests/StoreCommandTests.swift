import Foundation
import SeedSupport
import SeedTestSupport
import Testing

@testable import SeedStorage

@Suite("seed-peer store", .serialized)
struct StoreCommandTests {
    @Test("verify finds a sound store sound, a flipped bit bad, and changes nothing; repair drops it and says so")
    func verifyAndRepair() throws {
        try ServerHarness.with { harness in
            let file = try harness.makeFile("object", length: 9 << 20)
            #expect(try harness.peer.get(harness.url("object")).body == file)
            let busy = try SeedPeerProcess.run(["store", "verify", "--dir", harness.store])
            #expect(busy.code == 2 && busy.errors.contains("in use by process"))
            harness.peer.send(SIGTERM)
            #expect(harness.peer.exitCode == 0)

            let sound = try SeedPeerProcess.run(["store", "verify", "--dir", harness.store])
            #expect(sound.code == 0 && sound.text.hasSuffix("sound\n"), "\(sound.errors)")
            try flip(at: 5_000_000, in: harness.store)
            for _ in 1...2 {
                let bad = try SeedPeerProcess.run(["store", "verify", "--dir", harness.store, "--json"])
                #expect(bad.code == 1 && bad.text.contains("\"badBlocks\":1"), "\(bad.text)")
            }
            let repaired = try SeedPeerProcess.run(["store", "repair", "--dir", harness.store])
            #expect(repaired.code == 1 && repaired.text.contains("piece 1, block 3"), "\(repaired.text)")
            #expect(try SeedPeerProcess.run(["store", "verify", "--dir", harness.store]).code == 0)
            try harness.afterKill { next in
                let before = try next.originBytes(of: "object")
                #expect(try next.peer.get(next.url("object")).body == file)
                #expect(try next.originBytes(of: "object") - before == 262_144)
            }
        }
    }

    @Test("a damaged index stops the start with exit code 1, the file's name and the way out, and nothing is deleted")
    func damagedIndex() throws {
        try ServerHarness.with { harness in
            let file = try harness.makeFile("object", length: 5 << 20)
            #expect(try harness.peer.get(harness.url("object")).body == file)
            harness.peer.send(SIGTERM)
            #expect(harness.peer.exitCode == 0)
            let index = URL(fileURLWithPath: harness.store + "/index/data.mdb")
            var bytes = try Data(contentsOf: index)
            bytes.replaceSubrange(16..<20, with: [1, 2, 3, 4])
            try bytes.write(to: index)
            let refused = try SeedPeerProcess(store: harness.store, in: harness.directory)
            #expect(refused.exitCode == 1)
            #expect(refused.waits(for: "index/data.mdb is damaged"), "\(refused.errorText)")
            #expect(refused.waits(for: "seed-peer store repair"))
            #expect(try Data(contentsOf: index) == bytes)
            #expect(try SeedPeerProcess.run(["store", "repair", "--dir", harness.store]).code == 1)
            try harness.afterKill { next in
                let before = try next.originBytes(of: "object")
                #expect(try next.peer.get(next.url("object")).body == file)
                #expect(try next.originBytes(of: "object") == before)
            }
        }
    }

    @Test("a store of a later format stops the start with exit code 1 and both numbers, and stays as it is")
    func newerFormat() throws {
        let directory = try TemporaryDirectory()
        let path = directory.path("store")
        try makeStore(ofFormat: 12, at: path)
        for _ in 1...2 {
            let peer = try SeedPeerProcess(store: path, in: directory)
            #expect(peer.exitCode == 1)
            #expect(peer.waits(for: "format 12"), "\(peer.errorText)")
        }
    }

    /// The directory is given back when the index is let go, so at this function's end.
    private func makeStore(ofFormat format: UInt64, at path: String) throws {
        var configuration = StorageConfiguration()
        configuration.directory = path
        configuration.scrubRate = 0
        let store = try PieceStore.open(configuration, logger: .quiet)
        defer { store.close() }
        let index = try store.reader.openIndex()
        try index.environment.write { transaction throws(LMDBError) in
            try MetaNumber.format.write(format, transaction, index.meta)
        }
    }

    @Test("a directory that is missing or no store is refused with exit code 2")
    func noStore() throws {
        let directory = try TemporaryDirectory()
        #expect(try SeedPeerProcess.run(["store", "verify", "--dir", directory.path]).code == 2)
        #expect(try SeedPeerProcess.run(["store", "repair", "--dir", directory.path("nothing")]).code == 2)
        #expect(try FileManager.default.contentsOfDirectory(atPath: directory.path).isEmpty)
        #expect(try SeedPeerProcess.run(["store", "verify"]).code == 64)
    }

    private func flip(at offset: UInt64, in store: String) throws {
        let root = store + "/content"
        let name = try #require(FileManager.default.subpaths(atPath: root)?.first { $0.contains(".") })
        let handle = try #require(FileHandle(forUpdatingAtPath: "\(root)/\(name)"))
        defer { try? handle.close() }
        try handle.seek(toOffset: offset)
        let byte = try #require(try handle.read(upToCount: 1)?.first)
        try handle.seek(toOffset: offset)
        try handle.write(contentsOf: [byte ^ 8])
    }
}
