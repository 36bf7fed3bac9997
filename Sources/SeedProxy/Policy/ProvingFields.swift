import HTTPSemantics
import HTTPServer
import SeedSupport

/// Fields that may prove a right. Only the origin can judge them, so a request that has one never goes through the
/// cache (rule 3).
extension RequestHead {
    var mayProveRight: Bool {
        !present.isDisjoint(with: .credential) || namesSecret
    }

    private var namesSecret: Bool {
        bytes.withUnsafeBytes { base in
            fields.contains { $0.id == .other && FieldID.isSecretName($0.name.bytes(of: base)) }
        }
    }
}
