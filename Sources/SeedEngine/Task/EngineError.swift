import SeedOrigin

/// A failed request, in terms from which the proxy chooses a status.
package struct EngineError: Error, Sendable, Equatable, CustomStringConvertible {
    package enum Kind: Sendable, Equatable {
        case originUnreachable
        case originTimeout
        /// The origin responded, but not with what was requested.
        case originFailed
        /// The object changed at the origin; bytes of two generations are never mixed.
        case changed
        case storage
        /// A local resource ran out, such as descriptors: it may work in a moment.
        case local
        case shuttingDown
        /// The address guard refused the origin's address.
        case blocked
        case badURL
        /// The origin's address is one of our own listeners.
        case loop
        /// Not held, and nothing may be fetched (`proxy.disableBackToSource`).
        case notHeld
    }

    package var kind: Kind
    /// One sentence for a person; no credentials, no query values.
    package var message: String
    package var description: String { message }

    package init(_ kind: Kind, _ message: String) {
        self.kind = kind
        self.message = message
    }
}

extension EngineError {
    static let shuttingDown = EngineError(.shuttingDown, "The seed peer is shutting down.")

    static let changedWhileReading = EngineError(
        .changed, "The object changed at the origin while it was being read; the rest would be of another version.")

    static let otherDigest = EngineError(
        .originFailed, "The bytes from the origin do not have the digest that names the object.")

    static let damagedForGood = EngineError(
        .storage, "A stored block was damaged and can't be fetched alone.")

    static let shortResponse = EngineError(.originFailed, "The origin's answer ended before its announced length.")

    static let noRoom = EngineError(.storage, "No room in the store for the rest of the object.")

    static let notHeld = EngineError(
        .notHeld, "The bytes are not held here, and back-to-source is disabled (proxy.disableBackToSource).")

    static func status(_ status: Int) -> EngineError {
        EngineError(.originFailed, "The origin answered \(status).")
    }

    static func refused(_ refusal: ResponseAdmission.Refusal) -> EngineError {
        EngineError(.originFailed, "Refused: \(refusal).")
    }
}

extension EngineError {
    /// Converts an error of SeedOrigin.
    init(_ error: OriginError) {
        let kind: Kind =
            switch error.kind {
            case .unreachable, .tls, .circuitOpen: .originUnreachable
            case .timeout: .originTimeout
            case .blocked: .blocked
            case .loop: .loop
            case .badURL: .badURL
            case .cut, .badResponse, .tooManyRedirects: .originFailed
            case .local: .local
            }
        self.init(kind, error.message)
    }
}
