/// How a large object is downloaded.
public struct DownloadOptions: Hashable, Sendable {
    /// Ranges asked for at the same time, 1 to 64.
    public var parallel: Int
    /// Bytes of one range, 64 KiB to 1 GiB.
    public var partSize: Int64

    /// Accepts any values: the download throws ``DragonflyError/invalidArgument(_:)`` for invalid ones.
    public init(parallel: Int = 4, partSize: Int64 = 16 << 20) {
        self.parallel = parallel
        self.partSize = partSize
    }

    func validate() throws(DragonflyError) {
        guard (1...64).contains(parallel) else {
            throw .invalidArgument("parallel is \(parallel); 1 to 64 is allowed")
        }
        guard (64 << 10...1 << 30).contains(partSize) else {
            throw .invalidArgument("partSize is \(partSize) bytes; 65536 to 1073741824 are allowed")
        }
    }
}

/// The progress of a download.
public struct DownloadProgress: Hashable, Sendable {
    /// Bytes received, those of an earlier attempt included.
    public var received: Int64
    /// Bytes wanted; nil while the length is not known.
    public var total: Int64?

    /// For tests of progress displays; clients make their own.
    public init(received: Int64, total: Int64?) {
        self.received = received
        self.total = total
    }
}
