import Dispatch
import Foundation
import SeedTestSupport
import Synchronization
import Testing

@Suite("The whole program against a real nginx", .serialized)
struct ServingTests {
    private static let length = 40 << 20

    @Test("Cold, warm and by ranges: the right bytes, and each byte fetched once")
    func rightBytes() throws {
        try ServerHarness.with { harness in
            let file = try harness.makeFile("object", length: Self.length)
            let cold = try harness.peer.get(harness.url("object"))
            #expect(cold.status == 200)
            #expect(cold["cache-status"]?.contains("fwd=") == true)
            #expect(cold.body == file)
            let warm = try harness.peer.get(harness.url("object"))
            #expect(warm["cache-status"] == "seed-peer; hit")
            #expect(warm["x-dragonfly-task-download-finished"] == "true")
            #expect(warm.body == file)
            for _ in 1...50 {
                let start = Int.random(in: 0..<file.count)
                let range = start..<Int.random(in: (start + 1)...min(file.count, start + (1 << 20)))
                let response = try harness.get("object", range)
                #expect(response.status == 206)
                #expect(response["content-range"] == "bytes \(start)-\(range.upperBound - 1)/\(file.count)")
                #expect(response.body.elementsEqual(file[range]))
            }
            #expect(try harness.originBytes(of: "object") == file.count)
        }
    }

    @Test("Cold ranges all over an object give the right bytes and fetch none twice")
    func coldRanges() throws {
        try ServerHarness.with { harness in
            let file = try harness.makeFile("object", length: Self.length)
            for _ in 1...100 {
                let start = Int.random(in: 0..<file.count)
                let range = start..<Int.random(in: (start + 1)...min(file.count, start + (300 << 10)))
                #expect(try harness.get("object", range).body.elementsEqual(file[range]))
            }
            #expect(try harness.peer.get(harness.url("object")).body == file)
            #expect(try harness.originBytes(of: "object") == file.count)
        }
    }

    @Test("After kill -9 a whole object is served without the origin")
    func survivesKill() throws {
        try ServerHarness.with { harness in
            let file = try harness.makeFile("object", length: Self.length)
            #expect(try harness.peer.get(harness.url("object")).body == file)
            try harness.waitUntilRecorded(file.count)
            let before = try harness.originBytes(of: "object")
            try harness.afterKill { next in
                let response = try next.peer.get(next.url("object"))
                #expect(response.body == file)
                #expect(response["cache-status"] == "seed-peer; hit")
                #expect(try next.originBytes(of: "object") == before)
            }
        }
    }

    @Test("After kill -9 in the middle of a fill the bytes are right")
    func killedWhileFilling() throws {
        try ServerHarness.with { harness in
            let file = try harness.makeFile("object", length: Self.length)
            let client = try RawClient(port: harness.peer.port())
            try client.send(SeedPeerProcess.request(harness.url("object")))
            _ = try client.readHead()
            _ = try client.read(exactly: 4 << 20)
            try harness.afterKill { next in
                let response = try next.peer.get(next.url("object"))
                #expect(response.body == file)
            }
        }
    }

    @Test("A block of 256 KiB of a 64 MiB piece survives kill -9")
    func blockSurvivesKill() throws {
        try ServerHarness.with { harness in
            try harness.makeSparseFile("object", length: 128 << 20)
            let piece = ["X-Dragonfly-Piece-Length: \(64 << 20)"]
            let block = 0..<(256 << 10)
            #expect(try harness.get("object", block, fields: piece).body.count == block.count)
            try harness.waitUntilRecorded(block.count)
            let before = try harness.originBytes(of: "object")
            #expect(before <= 1 << 20)
            try harness.afterKill { next in
                let response = try next.get("object", block, fields: piece)
                #expect(response.body == [UInt8](repeating: 0, count: block.count))
                #expect(try next.originBytes(of: "object") == before)
            }
        }
    }

    @Test("4 KiB of a cold object of 1 GiB cost at most 1 MiB at the origin")
    func smallRange() throws {
        try ServerHarness.with { harness in
            try harness.makeSparseFile("object", length: 1 << 30)
            let response = try harness.get("object", (512 << 20)..<((512 << 20) + 4_096))
            #expect(response.body == [UInt8](repeating: 0, count: 4_096))
            #expect(try harness.originBytes(of: "object") <= 1 << 20)
        }
    }

    @Test("Twenty cold clients at once get the right bytes for one fetch of each")
    func crowd() throws {
        try ServerHarness.with { harness in
            let file = try harness.makeFile("object", length: Self.length)
            let wrong = try Self.clients(20) { try harness.peer.get(harness.url("object")).body != file }
            #expect(wrong == 0)
            #expect(try harness.originBytes(of: "object") == file.count)
        }
    }

    @Test("SIGTERM lets a running response finish")
    func drains() throws {
        try ServerHarness.with { harness in
            let file = try harness.makeFile("object", length: Self.length)
            #expect(try harness.peer.get(harness.url("object")).body == file)
            let client = try RawClient(port: harness.peer.port(), receiveBuffer: 64 << 10)
            try client.send(SeedPeerProcess.request(harness.url("object")))
            let response = try client.readHead()
            harness.peer.send(SIGTERM)
            #expect(harness.peer.waits(for: "closing the data port"))
            #expect(response.status == 200)
            #expect(try client.read(exactly: file.count) == file)
            #expect(harness.peer.exitCode == 0, "\(harness.peer.errorText)")
        }
    }

    @Test("Bytes leave as they arrive: the origin sends the next only when the client has the last")
    func cutThrough() throws {
        let length = 1 << 20
        let received = Mutex(0)
        let changed = Signal()
        let origin = try FaultyOrigin { request, connection in
            let range = request.range(in: length) ?? 0..<length
            connection.head(
                "206 Partial Content", "Content-Length: \(range.count)", "ETag: \"v\"",
                "Content-Range: bytes \(range.lowerBound)-\(range.upperBound - 1)/\(length)")
            for offset in range.prefix(64) {
                connection.write([UInt8(truncatingIfNeeded: offset)])
                _ = changed.wait(within: 30) { received.withLock { $0 } > offset ? true : nil }
            }
            connection.write(range.dropFirst(64).map { UInt8(truncatingIfNeeded: $0) })
        }
        defer { origin.stop() }
        let directory = try TemporaryDirectory()
        let peer = try SeedPeerProcess(store: directory.path("store"), in: directory)
        let client = try RawClient(port: peer.port())
        try client.send(SeedPeerProcess.request("\(origin.url)/object"))
        #expect(try client.readHead().status == 200)
        for offset in 0..<64 {
            #expect(try client.read(exactly: 1) == [UInt8(offset)])
            received.withLock { $0 = offset + 1 }
            changed.notify()
        }
        let rest = try client.read(exactly: length - 64)
        #expect(rest == (64..<length).map { UInt8(truncatingIfNeeded: $0) })
    }

    /// Runs that many clients, each on a thread of its own; how many of them say true.
    private static func clients(_ count: Int, _ body: @escaping @Sendable () throws -> Bool) throws -> Int {
        let results = Mutex<[Result<Bool, any Error>]>([])
        let done = DispatchGroup()
        for _ in 0..<count {
            done.enter()
            Thread.detachNewThread {
                let result = Result { try body() }
                results.withLock { $0.append(result) }
                done.leave()
            }
        }
        done.wait()
        return try results.withLock { try $0.filter { try $0.get() }.count }
    }
}
