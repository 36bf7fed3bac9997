/// Which call sends which bytes, and how many. Measured on loopback (benchmarks/README.md): measure again on a network.
enum WriteLimits {
    /// Bytes that one connection may write before the loop's others get their turn.
    static let turn = 2 << 20
    /// Queued bytes from which on a responder should wait.
    static let full = 256 << 10
    /// Queued bytes down to which it waits then.
    static let room = 64 << 10
    /// Unsent bytes in the kernel beyond which it takes no more: what waits there counts as read, and a slow client must
    /// not look like a fast one.
    static let unsent = 128 << 10
    /// From here on the kernel sends out of the file, also where the bytes are in memory: it copies less.
    static let sendFileFrom = 64 << 10
    /// Up to here a head waits in the kernel for the part of a file that follows it; a longer part would suffer from that.
    static let holdHeadUpTo = 32 << 10
    /// Pieces of one gathered write.
    static let vectors = 64
    /// Up to here copying a chunk between its frame costs less than three pieces.
    static let copiedChunk = 4_096
    /// Places in a queue that are kept when it is empty.
    static let keptPlaces = 4
}
