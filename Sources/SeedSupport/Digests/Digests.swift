import COpenSSL
import Glibc

/// Digests, keyed digests and random bytes in one call.
package enum Digests {
    /// Lends the digest of `bytes`; the pointer is valid during the call only.
    package static func withDigest<R>(
        _ algorithm: HashAlgorithm, of bytes: UnsafeRawBufferPointer, _ body: (UnsafeRawBufferPointer) -> R
    ) -> R {
        withUnsafeTemporaryAllocation(byteCount: algorithm.length, alignment: 8) { target in
            let context = Scratch.current
            let isDone =
                EVP_DigestInit_ex2(context, algorithm.implementation, nil) == 1
                && EVP_DigestUpdate(context, bytes.baseAddress, bytes.count) == 1
                && EVP_DigestFinal_ex(context, target.assumingMemoryBound(to: UInt8.self).baseAddress, nil) == 1
            precondition(isDone, "a digest failed")
            return body(UnsafeRawBufferPointer(target))
        }
    }

    package static func digest(_ algorithm: HashAlgorithm, of bytes: some Collection<UInt8>) -> [UInt8] {
        Bytes(bytes).withUnsafeBytes { bytes in withDigest(algorithm, of: bytes) { Array($0) } }
    }

    /// HMAC (RFC 2104).
    package static func hmac(
        _ algorithm: HashAlgorithm, key: some Collection<UInt8>, of bytes: some Collection<UInt8>
    ) -> [UInt8] {
        let (key, bytes) = (Array(key), Array(bytes))
        return [UInt8](unsafeUninitializedCapacity: algorithm.length) { target, count in
            let result = HMAC(
                algorithm.implementation, key, Int32(key.count), bytes, bytes.count, target.baseAddress, nil)
            precondition(result != nil, "an HMAC failed")
            count = algorithm.length
        }
    }

    /// Cryptographically random bytes.
    package static func randomBytes(_ count: Int) -> [UInt8] {
        [UInt8](unsafeUninitializedCapacity: count) { target, initialized in
            precondition(
                OpenSSL.isReady && RAND_bytes(target.baseAddress, Int32(count)) == 1, "the system has no randomness")
            initialized = count
        }
    }
}

/// A context for each thread, as making one costs more than hashing a short input.
private enum Scratch {
    static var current: OpaquePointer {
        if let pointer = pthread_getspecific(key.value) { return OpaquePointer(pointer) }
        guard let pointer = EVP_MD_CTX_new() else { preconditionFailure("out of memory") }
        pthread_setspecific(key.value, UnsafeRawPointer(pointer))
        return pointer
    }

    private static let key = ThreadKey()

    private struct ThreadKey: Sendable {
        let value: pthread_key_t

        init() {
            var key = pthread_key_t()
            let code = pthread_key_create(&key) { EVP_MD_CTX_free(OpaquePointer($0)) }
            precondition(code == 0, "the system gives no thread-specific key")
            value = key
        }
    }
}
