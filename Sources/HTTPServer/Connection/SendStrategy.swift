package import SeedSupport

/// Whether a body leaves from memory or from its file (sendfile). Measured on loopback (benchmarks/README.md): measure again on
/// a network.
package enum SendStrategy {
    /// Up to here copying a body costs less than the second call that a part of a file takes.
    private static let copied: Int64 = 8 << 10
    /// From here on the kernel sends out of the file with less work than out of memory.
    private static let file: Int64 = 16 << 10

    /// - Parameter count: bytes of the body.
    package static func source(ofBody count: Int64) -> ExtentSource {
        switch count {
        case ...copied: .copy
        case ..<file: .memory
        default: .file
        }
    }
}
