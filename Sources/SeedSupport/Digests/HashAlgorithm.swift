import COpenSSL

/// A digest that OpenSSL computes.
package enum HashAlgorithm: Sendable, CaseIterable {
    case md5
    case sha256
    case sha512

    /// Bytes of a digest.
    package var length: Int {
        switch self {
        case .md5: 16
        case .sha256: 32
        case .sha512: 64
        }
    }

    /// Looked up once: OpenSSL's implicit look-up costs more than hashing a short input.
    var implementation: OpaquePointer {
        switch self {
        case .md5: Self.md5Implementation.pointer
        case .sha256: Self.sha256Implementation.pointer
        case .sha512: Self.sha512Implementation.pointer
        }
    }

    private static let md5Implementation = Implementation("MD5")
    private static let sha256Implementation = Implementation("SHA256")
    private static let sha512Implementation = Implementation("SHA512")

    private struct Implementation: @unchecked Sendable {
        // Unchecked: OpenSSL's algorithm objects are immutable, and this one is never freed.
        let pointer: OpaquePointer

        init(_ name: String) {
            guard OpenSSL.isReady, let pointer = EVP_MD_fetch(nil, name, nil) else {
                preconditionFailure("OpenSSL has no \(name); its default provider must be enabled")
            }
            self.pointer = pointer
        }
    }
}
