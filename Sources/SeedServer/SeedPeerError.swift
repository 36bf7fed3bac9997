/// Why a seed peer cannot serve, in words for the person who started it.
package enum SeedPeerError: Error, Sendable, Equatable, CustomStringConvertible {
    /// A port cannot be opened; `key` is the section of the configuration that names it.
    case cannotListen(key: String, address: String, reason: String)

    package var description: String {
        switch self {
        case .cannotListen(let key, let address, let reason):
            "\(key): cannot listen on \(address): \(reason); choose another port, or 0 for any free one"
        }
    }
}
