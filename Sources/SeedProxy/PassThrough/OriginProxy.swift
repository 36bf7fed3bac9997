import Foundation

/// The proxy through which origins are reached (`backend.proxy`).
package struct OriginProxy: Sendable, Equatable {
    let isTLS: Bool
    let host: String
    let port: Int
    /// The value of `Proxy-Authorization`; nil without a user. Never for logs.
    let authorization: String?

    /// - Parameter text: `http[s]://[user[:password]@]host:port`; nil comes of anything else.
    package init?(_ text: String) {
        guard let url = URL(string: text, encodingInvalidCharacters: false), let scheme = url.scheme,
            ["http", "https"].contains(scheme),
            let host = url.host(percentEncoded: false), !host.isEmpty, let port = url.port, 1...65_535 ~= port,
            ["", "/"].contains(url.path()), url.query() == nil
        else { return nil }
        isTLS = scheme == "https"
        self.host = host.trimmingCharacters(in: ["[", "]"])
        self.port = port
        authorization = url.user(percentEncoded: false).map { user in
            let pair = "\(user):\(url.password(percentEncoded: false) ?? "")"
            return "Basic \(Data(pair.utf8).base64EncodedString())"
        }
    }
}
