/// Why the front door did not open.
package enum ProxyError: Error, Sendable, Equatable, CustomStringConvertible {
    case badRule(regex: String, reason: String)
    case cannotListen(ListenFailure)
    case badBlockList(regex: String, reason: String)
    case badTrustRoot(path: String, reason: String)

    package var description: String {
        switch self {
        case .badRule(let regex, let reason):
            "proxy.rules: the regex `\(regex)` is not understood: \(reason)"
        case .cannotListen(let failure):
            "proxy.server: \(failure)"
        case .badBlockList(let regex, let reason):
            "proxy.blockList: the regex `\(regex)` is not understood: \(reason)"
        case .badTrustRoot(let path, let reason):
            "certificates in \(path) cannot be read: \(reason)"
        }
    }
}
