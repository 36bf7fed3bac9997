import DragonflyIdentity
import Foundation
import HTTPSemantics
import SeedStorage
import SeedSupport

/// Opens a store that neither scrubs nor evicts.
func openStore(_ directory: String) throws -> PieceStore {
    var configuration = StorageConfiguration()
    configuration.directory = directory
    configuration.threads = 2
    configuration.taskTTL = nil
    configuration.scrubRate = 0
    return try PieceStore.open(configuration, logger: .quiet)
}

func storeKey(_ number: Int) throws -> StoreKey {
    // Spread like the hashes that real keys are.
    let word = UInt64(number) &* 0x9E37_79B9_7F4A_7C15
    let bytes = (0..<32).map { UInt8(truncatingIfNeeded: word >> UInt64($0 % 8 * 8)) ^ UInt8($0) }
    guard let key = StoreKey(bytes: bytes) else { throw CocoaError(.coderInvalidValue) }
    return key
}

/// A task of a hundred pieces of 4 MiB.
func taskRecord(_ key: StoreKey) -> TaskRecord {
    TaskRecord(
        key: key, wireID: TaskID(key.hex), generation: 1, contentLength: 100 * (4 << 20), pieceLength: 4 << 20,
        etag: "\"v1\"", headers: [.contentType: "application/octet-stream"], url: "http://example.test/\(key.hex)",
        createdAt: .epoch, fetchedAt: .epoch)
}

func pieceRecord(_ number: Int) -> PieceRecord {
    PieceRecord(
        number: number, present: BlockSet(0..<16), checksums: (0..<16).map { UInt32($0 * number) }, digest: 7,
        createdAt: .epoch, updatedAt: .epoch)
}

/// Commits a second, and records a second when many come at once.
func measureCommits(in directory: String) throws {
    let store = try openStore(directory + "/commits")
    defer { store.close() }
    let key = try storeKey(1)
    store.put(taskRecord(key))
    store.flush()
    var commits = 0
    let begin = ContinuousClock.now
    while begin.duration(to: .now) < .seconds(1) {
        store.put(pieceRecord(commits % 100), of: key, generation: 1, urgency: .soon)
        store.flush()
        commits += 1
    }
    report("commits, one record each", Double(commits) / seconds(since: begin), "a second")
    let start = ContinuousClock.now
    for task in 0..<500 {
        let key = try storeKey(task)
        store.put(taskRecord(key))
        for piece in 0..<100 { store.put(pieceRecord(piece), of: key, generation: 1, urgency: .soon) }
    }
    store.flush()
    report("records in group commits", 50_500 / seconds(since: start), "a second")
}

/// The time to open a store, and what a lookup costs in it.
func measureStart(in directory: String, pieceCounts: [Int]) throws {
    for count in pieceCounts {
        let path = directory + "/pieces-\(count)"
        try fill(path, pieces: count)
        let before = residentBytes()
        let start = ContinuousClock.now
        let store = try openStore(path)
        report("opening a store of \(count) pieces", seconds(since: start) * 1_000, "ms")
        report("memory of \(count) idle pieces", Double(max(residentBytes() - before, 0)) / Double(count), "bytes each")
        try measureLookups(store, tasks: count / 100)
        store.close()
        try FileManager.default.removeItem(atPath: path)
    }
}

private func fill(_ path: String, pieces: Int) throws {
    let store = try openStore(path)
    defer { store.close() }
    for task in 0..<pieces / 100 {
        let key = try storeKey(task)
        store.put(taskRecord(key))
        for piece in 0..<100 { store.put(pieceRecord(piece), of: key, generation: 1, urgency: .lazy) }
        if task % 100 == 99 { store.flush() }
    }
    store.flush()
}

private func measureLookups(_ store: PieceStore, tasks: Int) throws {
    let keys = try (0..<min(tasks, 2_000)).map { try storeKey($0 &* 7_919 % tasks) }
    var start = ContinuousClock.now
    for key in keys { _ = try store.task(key) }
    report("reading a task's record", seconds(since: start) / Double(keys.count) * 1e6, "µs")
    start = .now
    for key in keys { _ = try store.pieces(key, generation: 1, numbers: 0..<100) }
    report("reading a task's 100 piece records", seconds(since: start) / Double(keys.count) * 1e6, "µs")
    let before = residentBytes()
    start = .now
    for key in keys {
        for piece in 0..<100 { store.used(key, generation: 1, piece: piece, bytes: 4 << 20) }
    }
    let count = Double(keys.count * 100)
    report("noting the first use of a piece", seconds(since: start) / count * 1e9, "ns")
    report("memory of touched pieces", Double(max(residentBytes() - before, 0)) / count, "bytes each")
    start = .now
    for key in keys {
        for piece in 0..<100 { store.used(key, generation: 1, piece: piece, bytes: 4 << 20) }
    }
    report("noting a further use of a piece", seconds(since: start) / count * 1e9, "ns")
}

func seconds(since start: ContinuousClock.Instant) -> Double { start.duration(to: .now) / .seconds(1) }

/// Anonymous resident memory of this process: without the index's map, which the kernel takes back as it likes.
func residentBytes() -> Int {
    let text = (try? String(contentsOfFile: "/proc/self/status", encoding: .utf8)) ?? ""
    let line = text.split(separator: "\n").first { $0.hasPrefix("RssAnon:") }
    let kibibytes = line?.split(separator: " ").dropFirst().first.flatMap { Int($0) } ?? 0
    return kibibytes * 1_024
}
