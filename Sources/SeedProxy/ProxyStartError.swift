package import EventLoops

/// Why the proxy did not start.
package enum ProxyStartError: Error, Sendable, Equatable, CustomStringConvertible {
    case badRule(regex: String, reason: String)
    case cannotListen(ListenError)
    case badBlockList(regex: String, reason: String)

    package var description: String {
        switch self {
        case .badRule(let regex, let reason):
            "proxy.rules: the regex `\(regex)` is refused: \(reason)"
        case .cannotListen(let error):
            "proxy.server: \(error)"
        case .badBlockList(let regex, let reason):
            "proxy.blockList: the regex `\(regex)` is refused: \(reason)"
        }
    }
}
