import DragonflyIdentity
import Glibc
import HTTPSemantics
import SeedSupport
import SeedTestSupport

@testable import SeedStorage

let quiet = Logger.quiet

/// A store in a temporary directory, closed and deleted after `body`.
func withStore<R>(
    _ change: (inout StorageConfiguration) -> Void = { _ in }, _ body: (PieceStore) throws -> R
) throws -> R {
    let directory = try TemporaryDirectory()
    return try withStore(in: directory, change, body)
}

/// A store in a directory that stays, so that it can be opened again.
func withStore<R>(
    in directory: TemporaryDirectory, _ change: (inout StorageConfiguration) -> Void = { _ in },
    _ body: (PieceStore) throws -> R
) throws -> R {
    let store = try openStore(in: directory, change)
    defer { store.close() }
    return try body(store)
}

func openStore(
    in directory: TemporaryDirectory, _ change: (inout StorageConfiguration) -> Void = { _ in }
) throws(StorageError) -> PieceStore {
    var configuration = StorageConfiguration.small(at: directory.path("store"))
    change(&configuration)
    let store = try PieceStore.open(configuration, logger: quiet)
    // The first periodic jobs measure the files, and count what a test writes meanwhile twice.
    _ = eventually { store.maintenance.thread.isIdle }
    return store
}

extension StorageConfiguration {
    /// A store that may fill its volume, keeps what is old, and doesn't read itself through.
    static func small(at path: String) -> StorageConfiguration {
        var configuration = StorageConfiguration()
        configuration.directory = path
        configuration.threads = 2
        configuration.limits = SpaceLimits(headroom: 0)
        configuration.taskTTL = nil
        configuration.scrubRate = 0
        return configuration
    }
}

func at(_ milliseconds: Int64) -> Timestamp { Timestamp(milliseconds: milliseconds) }

/// A store key that is easy to recognise.
func key(_ number: Int) -> StoreKey {
    let bytes = [UInt8](repeating: 0, count: 24) + (0..<8).map { UInt8(truncatingIfNeeded: number >> (56 - 8 * $0)) }
    guard let key = StoreKey(bytes: bytes) else { fatalError("32 bytes make a key") }
    return key
}

func task(
    _ key: StoreKey, generation: UInt64, wireID: String = "wire", length: Int64 = 1_000_000,
    pieceLength: Int64 = 524_288
) -> TaskRecord {
    TaskRecord(
        key: key, wireID: TaskID(wireID), generation: generation, contentLength: length, pieceLength: pieceLength,
        etag: "\"v1\"", lastModified: nil, headers: [.contentType: "text/plain"], url: "http://example.test/a?b=c",
        tag: "t", application: nil, createdAt: at(1), fetchedAt: at(2), flags: [.immutable])
}

/// The record of a piece of the task above: 2 blocks in each piece.
func piece(_ number: Int, present: BlockSet = BlockSet(0..<2)) -> PieceRecord {
    PieceRecord(number: number, present: present, checksums: [11, 22], digest: 33, createdAt: at(4), updatedAt: at(5))
}

extension ContentFile {
    func write(_ bytes: [UInt8], at offset: Int64) throws {
        try bytes.withUnsafeBytes { (bytes) throws in try write(bytes, at: offset) }
    }

    func read(_ range: ByteRange) throws -> [UInt8] {
        var bytes = [UInt8](repeating: 0, count: Int(range.count))
        let count = try bytes.withUnsafeMutableBytes { (buffer) throws in try read(into: buffer, at: range.lowerBound) }
        return Array(bytes.prefix(count))
    }
}

/// Bytes that differ from place to place.
func pattern(_ count: Int, seed: UInt64 = 1) -> [UInt8] {
    var state = seed
    return (0..<count).map { _ in
        state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
        return UInt8(truncatingIfNeeded: state >> 33)
    }
}

/// What happened, in order, from any thread.
final class Journal: Sendable {
    private let entries = Lock<[Int]>([])
    func note(_ entry: Int) { entries.withLock { $0.append(entry) } }
    var all: [Int] { entries.withLock { $0 } }
}
