import SeedSupport

/// The file of `backend.caCert`, checked before the start: a wrong path would fail every https origin later.
enum CertificateFile {
    /// Bytes; the system's own file of all authorities has 200 KiB.
    private static let limit = 16 << 20

    static func check(_ path: String) throws(SeedPeerError) {
        let text: Bytes
        do {
            text = try System.readFile(path, limit: limit)
        } catch {
            throw .badCertificates(path: path, reason: "\(error)")
        }
        switch PEMCertificates.count(in: text) {
        case nil: throw .badCertificates(path: path, reason: "a certificate in it is malformed")
        case 0: throw .badCertificates(path: path, reason: "it has no certificate in PEM form")
        default: break
        }
    }
}
