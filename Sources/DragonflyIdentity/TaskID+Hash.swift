import SeedSupport

extension TaskID {
    /// SHA-256 over the parts one after another, without separators; absent parts add nothing. `STANDARD` is
    /// Dragonfly's only task type that proxies make.
    static func ofURL(_ url: [UInt8], _ marks: TaskIdentity.Marks) -> TaskID {
        var parts = url
        if let tag = marks.tag { parts += tag.utf8 }
        if let application = marks.application { parts += application.utf8 }
        if let revision = marks.revision { parts += revision.utf8 }
        if let length = marks.pieceLength { parts += String(length).utf8 }
        parts += "STANDARD".utf8
        return TaskID(sha256: .sha256(of: parts))
    }
}

extension Bytes32 {
    static func sha256(of bytes: [UInt8]) -> Bytes32 {
        bytes.withUnsafeBytes { Digests.withDigest(.sha256, of: $0) { Bytes32($0) } }
    }
}
