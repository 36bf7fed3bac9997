import COpenSSL

/// Certificates in PEM form (RFC 7468).
package enum PEMCertificates {
    /// How many the text holds, one behind the other, whatever stands between them. Nil if one of them is malformed.
    package static func count(in text: Bytes) -> Int? {
        text.withUnsafeBytes { bytes in
            guard OpenSSL.isReady, let count = Int32(exactly: bytes.count) else { return nil }
            guard let source = BIO_new_mem_buf(bytes.baseAddress, count) else { return 0 }
            defer { BIO_free(source) }
            return self.count(in: source)
        }
    }

    private static func count(in source: OpaquePointer) -> Int? {
        defer { ERR_clear_error() }
        // Without a password OpenSSL would prompt on the terminal.
        var password: CChar = 0
        var count = 0
        while let certificate = PEM_read_bio_X509_AUX(source, nil, nil, &password) {
            X509_free(certificate)
            count += 1
        }
        return ERR_GET_REASON(ERR_peek_last_error()) == PEM_R_NO_START_LINE ? count : nil
    }
}
