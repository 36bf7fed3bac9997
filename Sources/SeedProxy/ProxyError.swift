/// Why the front door did not open.
package enum ProxyError: Error, Sendable, Equatable, CustomStringConvertible {
    case badRule(regex: String, reason: String)
    case cannotListen(host: String, port: Int, reason: String)
    case badBlockList(regex: String, reason: String)
    case badTrustRoot(path: String, reason: String)

    package var description: String {
        switch self {
        case .badRule(let regex, let reason):
            "proxy.rules: the regex `\(regex)` is not understood: \(reason)"
        case .cannotListen(let host, let port, let reason):
            "proxy.server: cannot listen on \(host):\(port): \(reason); choose another port, or 0 for any free one"
        case .badBlockList(let regex, let reason):
            "proxy.blockList: the regex `\(regex)` is not understood: \(reason)"
        case .badTrustRoot(let path, let reason):
            "certificates in \(path) cannot be read: \(reason)"
        }
    }
}
