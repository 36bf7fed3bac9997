import HTTPTransfers
import SeedSupport

extension TransferRequest.Trust {
    /// Bytes; the system's own file of all authorities has 200 KiB.
    private static let limit = 16 << 20

    /// - Throws: ``DragonflyError/invalidArgument(_:)`` when the seed peers' authorities cannot be read.
    init(_ trust: PeerTrust) throws(DragonflyError) {
        switch trust {
        case .system: self = .standard
        case .unverified: self = .unverified
        case .authorityPEM(let text): self = .authorities(try Self.checked(Bytes(text)))
        case .authorityFile(let path): self = .authorities(try Self.checked(Self.read(path)))
        }
    }

    private static func read(_ path: String) throws(DragonflyError) -> Bytes {
        do {
            return try System.readFile(path, limit: limit)
        } catch {
            throw .invalidArgument("the seed peers' authorities cannot be read from \(path): \(error)")
        }
    }

    private static func checked(_ text: Bytes) throws(DragonflyError) -> Bytes {
        guard let count = PEMCertificates.count(in: text), count > 0 else {
            throw .invalidArgument("the seed peers' authorities are no certificates in PEM form")
        }
        do {
            return try SystemAuthorities.ofCurl.beside(text)
        } catch {
            throw .invalidArgument("the system's authorities cannot be read: \(error)")
        }
    }
}
