import NIOPosix
import NIOSSL

/// The TLS contexts of a client, made when first needed: reading the system's authorities takes a while.
actor CertificateChecks {
    private let isVerified: Bool
    private let authorities: [NIOSSLCertificate]
    /// By whether they are for seed peers.
    private var contexts: [Bool: Task<NIOSSLContext, any Error>] = [:]

    /// - Throws: ``DragonflyError/invalidArgument(_:)`` when the seed peers' authorities cannot be read.
    init(peerTrust: PeerTrust) throws(DragonflyError) {
        isVerified = peerTrust != .unverified
        do {
            authorities =
                switch peerTrust {
                case .system, .unverified: []
                case .authorityFile(let file): try NIOSSLCertificate.fromPEMFile(file)
                case .authorityPEM(let text): try NIOSSLCertificate.fromPEMBytes(Array(text.utf8))
                }
        } catch {
            throw .invalidArgument("the seed peers' authorities cannot be read; a PEM file or text is needed: \(error)")
        }
    }

    /// - Parameter isPeer: Whether a seed peer may answer in the server's place. Origins themselves are always checked
    ///   by the system's authorities.
    func context(isPeer: Bool) async throws -> NIOSSLContext {
        if let making = contexts[isPeer] { return try await making.value }
        var configuration = TLSConfiguration.makeClientConfiguration()
        configuration.applicationProtocols = ["http/1.1"]
        if isPeer {
            configuration.additionalTrustRoots = authorities.isEmpty ? [] : [.certificates(authorities)]
            configuration.certificateVerification = isVerified ? .fullVerification : .none
        }
        let making = Task { [configuration] in
            try await NIOThreadPool.singleton.runIfActive { try NIOSSLContext(configuration: configuration) }
        }
        contexts[isPeer] = making
        do {
            return try await making.value
        } catch {
            // The next request may fare better.
            contexts[isPeer] = nil
            throw error
        }
    }
}
