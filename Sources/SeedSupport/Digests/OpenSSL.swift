import COpenSSL

/// OpenSSL as a whole.
package enum OpenSSL {
    /// Must be read before any other use of OpenSSL. It disables the cleanup at exit, because other threads use OpenSSL
    /// until the very end. No effect if the program has used OpenSSL before.
    package static let isReady = OPENSSL_init_crypto(UInt64(OPENSSL_INIT_NO_ATEXIT), nil) == 1
}
