import COpenSSL

/// OpenSSL as a whole.
package enum OpenSSL {
    /// To be asked for before anything else of OpenSSL is used, so that it doesn't clean up when the program exits: other
    /// threads use it until the very end. A program that has used it before has its cleanup.
    package static let isReady = OPENSSL_init_crypto(UInt64(OPENSSL_INIT_NO_ATEXIT), nil) == 1
}
