package import SeedProxy

/// Why a seed peer cannot serve, in words for the person who started it.
package enum SeedPeerError: Error, Sendable, Equatable, CustomStringConvertible {
    /// A port cannot be opened; `key` is the section of the configuration that names it.
    case cannotListen(key: String, ListenFailure)

    package var description: String {
        switch self {
        case .cannotListen(let key, let failure): "\(key): \(failure)"
        }
    }
}
