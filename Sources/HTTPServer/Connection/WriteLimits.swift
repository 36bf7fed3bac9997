/// Which call sends which bytes, and how many. Measured on loopback (benchmarks/README.md): measure again on a network.
package enum WriteLimits {
    /// Bytes that one connection may write before the loop serves others.
    static let turn = 2 << 20
    /// Bytes that a responder asks its source for at once. A part of a file takes no memory, and shorter calls cost more for
    /// each byte.
    package static let extent = 1 << 20
    /// Queued bytes from which on a responder should wait.
    static let full = 256 << 10
    /// Queued bytes down to which it waits then.
    static let room = 64 << 10
    /// Unsent bytes in the kernel beyond which a socket isn't writable: enough for one call, and a bound on what a slow
    /// client holds there.
    static let unsent = 1 << 20
    /// Up to here a head waits in the kernel for the part of a file that follows it; a longer part would suffer from that.
    static let holdHeadUpTo = 32 << 10
    /// Pieces of one gathered write.
    static let vectors = 64
    /// Up to here copying a chunk between its frame costs less than three pieces.
    static let copiedChunk = 4_096
    /// Places in a queue that are kept when it is empty.
    static let keptPlaces = 4
}
