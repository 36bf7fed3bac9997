import NIOCore

/// Fields that may prove a right. Only the origin can judge them, so a request that has one never goes through the
/// cache (rule 3).
extension RequestHead {
    var mayProveRight: Bool {
        !present.isDisjoint(with: FieldIDSet(.authorization, .cookie)) || namesSecret
    }

    /// Whether a field that we don't know is called as those are that hold tokens and keys (`X-Auth-Token`,
    /// `X-JFrog-Art-Api`, `X-Api-Key`…).
    private var namesSecret: Bool {
        bytes.withUnsafeReadableBytes { base in
            fields.contains { $0.id == .other && Self.isSecretName($0.name.bytes(of: base)) }
        }
    }

    /// Byte by byte: as strings these comparisons cost more than all the rest of a warm request.
    private static func isSecretName(_ name: UnsafeRawBufferPointer) -> Bool {
        for start in name.indices {
            let rest = UnsafeRawBufferPointer(rebasing: name[start...])
            switch rest[0] | 0x20 {
            case UInt8(ascii: "t"): if rest.begins("token") { return true }
            case UInt8(ascii: "a"): if rest.begins("auth") || rest.begins("art-api") { return true }
            case UInt8(ascii: "k"): if rest.begins("key") { return true }
            case UInt8(ascii: "s"): if rest.begins("secret") || rest.begins("session") { return true }
            case UInt8(ascii: "p"): if rest.begins("password") { return true }
            case UInt8(ascii: "c"): if rest.begins("credential") { return true }
            default: break
            }
        }
        return false
    }
}

extension UnsafeRawBufferPointer {
    /// - Parameter word: in lower case.
    fileprivate func begins(_ word: StaticString) -> Bool {
        let length = word.utf8CodeUnitCount
        return count >= length && UnsafeRawBufferPointer(rebasing: self[..<length]).equalsIgnoringCase(word)
    }
}
