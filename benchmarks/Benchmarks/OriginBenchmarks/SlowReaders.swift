import Foundation
import SeedTestSupport

/// A thousand readers of a thousand cold objects, each at 16 KiB/s: the seed peer's own memory stays flat, everybody gets
/// his bytes at his own rate, and one more client that reads fast doesn't feel them, be its object held or cold.
struct SlowReaders {
    let isQuick: Bool
    private let rate = 16.0 * 1024

    func run() throws -> [Figure] {
        let count = isQuick ? 100 : 1000
        let objects = (0..<count).map { FaultyObject(length: 16 << 20, seed: UInt64($0) + 100) }
        let fast = FaultyObject(length: 256 << 20, seed: 5)
        var script = FaultyScript(nil)
        for (index, object) in objects.enumerated() { script.objects["/slow/\(index)"] = object }
        for name in ["/alone", "/early", "/late"] { script.objects[name] = fast }
        let origin = try FaultyOrigin(script: script)
        defer { origin.stop() }
        // What is fetched again and again would fill the memory tier, which has a budget of its own.
        let peer = try Peer(memoryTier: "0")
        let alone = try fetch(origin.url + "/alone", fast, peer)
        let held = try fetch(origin.url + "/alone", fast, peer)
        let readers = try objects.enumerated().map { index, object -> (RawClient, FaultyObject) in
            let client = try peer.client(receiveBuffer: 16 * 1024)
            try client.ask(origin.url + "/slow/\(index)")
            return (client, object)
        }
        for (client, _) in readers {
            guard try client.readHead().status == 200 else { throw WrongBytes("no 200") }
        }
        let crowd = SlowCrowd(readers, rate: rate)
        crowd.start()
        Thread.sleep(forTimeInterval: 5)
        let early = try peer.anonymousMemory()
        let heldAmong = try fetch(origin.url + "/alone", fast, peer)
        let amongEarly = try fetch(origin.url + "/early", fast, peer)
        Thread.sleep(forTimeInterval: isQuick ? 5 : 25)
        let amongLate = try fetch(origin.url + "/late", fast, peer)
        let late = try peer.anonymousMemory()
        let (slowest, read) = try crowd.stop()
        let fetched = origin.bodyBytesSent - 3 * fast.length
        return [
            Figure("slow readers: anonymous memory after 5 s", Double(early) / 1e6, "MB"),
            Figure("slow readers: anonymous memory at the end", Double(late) / 1e6, "MB"),
            Figure("slow readers: memory at the end to 5 s", ratio: Double(late) / Double(early), atMost: 1.1),
            Figure("slow readers: slowest to its own rate", ratio: slowest, atLeast: 0.95),
            Figure("slow readers: bytes fetched for a byte read", Double(fetched) / Double(read), "×"),
            Figure("slow readers: a fast client alone, cold", alone / 1e6, "MB/s"),
            Figure("slow readers: a fast client among them to alone, held", ratio: heldAmong / held, atLeast: 0.9),
            Figure("slow readers: the same, cold, after 5 s", ratio: amongEarly / alone, atLeast: 0.9),
            Figure("slow readers: the same, cold, at the end", ratio: amongLate / alone, atLeast: 0.9),
        ]
    }

    private func fetch(_ url: String, _ object: FaultyObject, _ peer: Peer) throws -> Double {
        let client = try peer.client()
        let took = try ContinuousClock().measure {
            try client.ask(url)
            _ = try client.readHead()
            try client.check(object.length, of: object, at: 0)
        }
        return Double(object.length) / took.inSeconds
    }
}

/// All slow readers on one thread: each takes what its rate has earned.
private final class SlowCrowd: @unchecked Sendable {
    private let readers: [(client: RawClient, object: FaultyObject)]
    private let rate: Double
    private let lock = NSCondition()
    private var places: [Int64]
    private var isOver = false
    private var failure: (any Error)?
    private var begun = ContinuousClock.now

    init(_ readers: [(RawClient, FaultyObject)], rate: Double) {
        self.readers = readers
        self.rate = rate
        places = readers.map { _ in 0 }
    }

    func start() {
        begun = .now
        Thread.detachNewThread { self.run() }
    }

    /// The share of its rate that the slowest reader got, and the bytes that all have read.
    func stop() throws -> (slowest: Double, read: Int64) {
        lock.withLock { isOver = true }
        lock.lock()
        defer { lock.unlock() }
        while failure == nil, isOver { lock.wait() }
        if let failure { throw failure }
        let earned = (ContinuousClock.now - begun).inSeconds * rate
        return (Double(places.min() ?? 0) / earned, places.reduce(0, +))
    }

    private func run() {
        do {
            while !lock.withLock({ isOver }) {
                for index in readers.indices { try advance(index) }
                usleep(5000)
            }
        } catch {
            failure = error
        }
        lock.withLock { isOver = false }
        lock.broadcast()
    }

    /// Reads in whole steps of 16 KiB; a reader whose bytes are late holds up the others, which then shows in its rate.
    private func advance(_ index: Int) throws {
        let earned = Int64((ContinuousClock.now - begun).inSeconds * rate)
        while places[index] + 16_384 <= earned {
            let bytes = try readers[index].client.read(exactly: 16_384)
            if let wrong = readers[index].object.firstDifference(in: bytes, at: places[index]) {
                throw WrongBytes("slow reader \(index), byte \(wrong)")
            }
            places[index] += 16_384
        }
    }
}
