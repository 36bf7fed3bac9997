import SeedSupport

/// The file of `backend.caCert`, looked at before the start: a misspelt path would fail every origin later.
enum CertificateFile {
    /// Bytes; the system's own file of all authorities has 200 KiB.
    private static let limit = 16 << 20

    static func check(_ path: String) throws(SeedPeerError) {
        let text: String
        do {
            text = try System.readFile(path, limit: limit).description
        } catch {
            throw .badCertificates(path: path, reason: "\(error)")
        }
        guard text.contains("-----BEGIN CERTIFICATE-----") || text.contains("-----BEGIN TRUSTED CERTIFICATE-----")
        else {
            throw .badCertificates(path: path, reason: "it has no certificate in PEM form")
        }
    }
}
