package import EventLoops

/// Why the proxy did not start.
package enum ProxyError: Error, Sendable, Equatable, CustomStringConvertible {
    case badRule(regex: String, reason: String)
    case cannotListen(ListenError)
    case badBlockList(regex: String, reason: String)
    case badAddress(String)

    package var description: String {
        switch self {
        case .badRule(let regex, let reason):
            "proxy.rules: the regex `\(regex)` is refused: \(reason)"
        case .cannotListen(let error):
            "proxy.server: \(error)"
        case .badBlockList(let regex, let reason):
            "proxy.blockList: the regex `\(regex)` is refused: \(reason)"
        case .badAddress(let text):
            "proxy.server: \(text) is no IP address with a port from 0 to 65535"
        }
    }
}
