import DragonflyIdentity
import HTTPSemantics
import SeedStorage

/// How far the whole object was compared with the digest that names it (rule:checksums).
struct Proof: Sendable {
    /// Most bytes that are hashed in one go, so that the tasks take turns.
    private static let step: Int64 = 1 << 20

    /// What is left to compare; nil when the object has no digest, or was compared.
    private(set) var digest: ObjectDigest?
    /// The end of the bytes that were hashed, or are being hashed.
    private var hashedTo: Int64 = 0
    /// A hashing thread was called or is at work.
    private(set) var isHashing = false

    /// What a hashing thread's result comes to.
    enum Progress: Equatable {
        /// The bytes could not be read.
        case unread
        /// The hash was started over meanwhile.
        case superseded
        /// Those are left.
        case left(ByteRange)
        case done(isMatch: Bool)
    }

    /// Starts from the first byte.
    /// - Parameter expected: nil: there is nothing to compare with.
    mutating func begin(_ expected: Digest?, length: Int64) {
        digest = expected.map { ObjectDigest(expected: $0, length: length) }
        hashedTo = 0
    }

    mutating func end() {
        digest = nil
        isHashing = false
    }

    /// Whether bytes from `offset` on were hashed, so that a block that is fetched again there makes the hash void: it would
    /// vouch for bytes that it was not made of.
    func covers(_ offset: Int64) -> Bool { digest != nil && offset < hashedTo }

    /// What the hash still lacks.
    var left: ByteRange? { digest.map { ByteRange($0.position, $0.length) } }

    // MARK: Hashing

    /// The bytes that are to be hashed next and are here; block by block, so that small writes don't make small steps.
    func ready(in blocks: BlockMap?) -> ByteRange? {
        guard let digest, let blocks else { return nil }
        let start = digest.position
        var end = blocks.servable(from: start, upTo: min(digest.length, start + Self.step))
        if end < digest.length { end = blocks.grid.range(of: blocks.grid.block(at: end)).lowerBound }
        return end > start ? ByteRange(start, end) : nil
    }

    /// - Returns: whether a thread is to be called: some blocks are to be hashed, and none is at it.
    mutating func beginHashing(in blocks: BlockMap?) -> Bool {
        guard !isHashing, ready(in: blocks) != nil else { return false }
        isHashing = true
        return true
    }

    /// What a thread that was called is to read now; nil when the bytes are gone again.
    mutating func take(in blocks: BlockMap?) -> (ObjectDigest, ByteRange)? {
        guard isHashing else { return nil }
        guard let digest, let range = ready(in: blocks) else {
            isHashing = false
            return nil
        }
        hashedTo = range.upperBound
        return (digest, range)
    }

    /// A thread has hashed what it took.
    /// - Parameter result: nil when the bytes could not be read.
    mutating func hashed(_ result: ObjectDigest?) -> Progress {
        isHashing = false
        guard let result else {
            hashedTo = digest?.position ?? 0
            return .unread
        }
        guard result.position == hashedTo else { return .superseded }
        digest = result
        return result.isMatch.map(Progress.done) ?? .left(ByteRange(result.position, result.length))
    }

    /// From here on bytes are withheld from streams of the whole object: the last block, until it is proven.
    func withheldFrom(_ grid: BlockGrid?) -> Int64? {
        guard digest != nil, let grid else { return nil }
        return grid.range(of: grid.block(at: grid.layout.contentLength - 1)).lowerBound
    }
}
