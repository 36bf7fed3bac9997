package import EventLoops

/// Why a seed peer cannot serve, in words for the person who started it.
package enum SeedPeerError: Error, Sendable, Equatable, CustomStringConvertible {
    /// A port cannot be opened; `key` is the section of the configuration that names it.
    case cannotListen(key: String, ListenError)
    /// The file of `backend.caCert` is of no use.
    case badCertificates(path: String, reason: String)
    /// The supervisor that started this server has ended; the environment's `variable` names it.
    case supervisorIsGone(variable: String)

    package var description: String {
        switch self {
        case .cannotListen(let key, let error): "\(key): \(error)"
        case .supervisorIsGone(let variable):
            "the supervisor that started this server is gone (\(variable)); start one anew, without that variable"
        case .badCertificates(let path, let reason): "certificates in \(path) cannot be read: \(reason)"
        }
    }
}
