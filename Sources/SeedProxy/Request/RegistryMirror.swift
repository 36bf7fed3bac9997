/// The parameter `ns` of a request in origin form: the registry that containerd asks its mirror for.
enum RegistryParameter {
    /// - Parameter query: with its question mark, or empty.
    /// - Returns: a URL; `https://` is put before a bare host.
    static func value(in query: String) -> String? {
        let parameters = query.dropFirst().split(separator: "&")
        guard let parameter = parameters.first(where: { $0.hasPrefix("ns=") }) else { return nil }
        guard let value = String(parameter.dropFirst(3)).removingPercentCoding, !value.isEmpty else { return nil }
        return value.contains("://") ? value : "https://" + value
    }
}

extension String {
    /// Nil if the result is not UTF-8, or a `%` isn't followed by two hexadecimal digits.
    fileprivate var removingPercentCoding: String? {
        var bytes: [UInt8] = []
        var rest = utf8[...]
        while let byte = rest.popFirst() {
            guard byte == UInt8(ascii: "%") else {
                bytes.append(byte)
                continue
            }
            guard rest.count > 1, let value = UInt8(String(Substring(rest.prefix(2))), radix: 16) else { return nil }
            bytes.append(value)
            rest = rest.dropFirst(2)
        }
        return String(validating: bytes, as: UTF8.self)
    }
}

extension OriginURL {
    /// The registry URL that a request in origin form asks for.
    /// - Parameters:
    ///   - registry: a URL with its scheme; a path in it comes before the request's.
    ///   - query: with its question mark, or empty.
    init(registry: String, path: String, query: String) throws(Refusal) {
        var base: OriginURL
        do throws(Refusal) {
            base = try OriginURL(registry)
        } catch {
            throw .badRequest(
                "The registry (X-Dragonfly-Registry, ns or proxy.registryMirror.addr) is no URL: \(error.message)")
        }
        let prefix = base.path.hasSuffix("/") ? base.path.dropLast() : base.path
        base.path = prefix + path
        base.query = query[...]
        self = base
    }
}
