import HTTPSemantics
import HTTPServer
import SeedSupport

/// Whether a request has a field that may prove a right: then it never goes through the cache (rule:right-to-read).
extension RequestHead {
    var mayCarryCredential: Bool {
        guard present.isDisjoint(with: .credential) else { return true }
        return bytes.withUnsafeBytes { base in
            fields.contains { $0.id == .other && $0.id.mayCarryCredential(named: $0.name.bytes(of: base)) }
        }
    }
}
