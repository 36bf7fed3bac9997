import COpenSSL

/// An incremental digest. A value: copies continue independently.
package struct RollingDigest: @unchecked Sendable {
    // Unchecked: the context is written only while this value is its one owner.
    private final class Context {
        let pointer: OpaquePointer

        init() {
            guard let pointer = EVP_MD_CTX_new() else { preconditionFailure("out of memory") }
            self.pointer = pointer
        }

        func copy() -> Context {
            let copy = Context()
            precondition(EVP_MD_CTX_copy_ex(copy.pointer, pointer) == 1, "a digest could not be copied")
            return copy
        }

        deinit { EVP_MD_CTX_free(pointer) }
    }

    package let algorithm: HashAlgorithm
    private var context: Context

    package init(_ algorithm: HashAlgorithm) {
        self.algorithm = algorithm
        context = Context()
        precondition(EVP_DigestInit_ex2(context.pointer, algorithm.implementation, nil) == 1, "a digest did not begin")
    }

    package mutating func update(_ bytes: UnsafeRawBufferPointer) {
        if !isKnownUniquelyReferenced(&context) { context = context.copy() }
        precondition(EVP_DigestUpdate(context.pointer, bytes.baseAddress, bytes.count) == 1, "a digest failed")
    }

    package mutating func update(_ bytes: Bytes) {
        bytes.withUnsafeBytes { update($0) }
    }

    /// The digest of what came so far. More may come.
    package var value: [UInt8] {
        let end = context.copy()
        return [UInt8](unsafeUninitializedCapacity: algorithm.length) { target, count in
            precondition(EVP_DigestFinal_ex(end.pointer, target.baseAddress, nil) == 1, "a digest did not end")
            count = algorithm.length
        }
    }
}
