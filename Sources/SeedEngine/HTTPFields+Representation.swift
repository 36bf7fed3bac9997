import HTTPTypes

extension HTTPFields {
    /// The answer depends on request fields other than the encoding, which we fix.
    var variesBeyondEncoding: Bool {
        self[values: .vary].flatMap { $0.split(separator: ",") }.contains {
            $0.filter { $0 != " " && $0 != "\t" }.lowercased() != "accept-encoding"
        }
    }

    /// Fields that belong to one connection or one answer, not to the object.
    private static let transient: Set<String> = [
        "connection", "keep-alive", "proxy-connection", "proxy-authenticate", "proxy-authentication-info", "te",
        "trailer", "transfer-encoding", "upgrade", "set-cookie", "set-cookie2", "date", "age", "via", "cache-status",
        "content-length", "content-range", "accept-ranges", "alt-svc", "strict-transport-security",
    ]

    /// The headers that describe the object itself and may be told again with every answer (docs/http-contract.md).
    var representation: HTTPFields {
        let named = self[values: .connection].flatMap { $0.split(separator: ",") }
            .map { $0.filter { $0 != " " && $0 != "\t" }.lowercased() }
        return HTTPFields(
            filter { field in
                let name = field.name.canonicalName
                return !Self.transient.contains(name) && !named.contains(name) && !name.hasPrefix("x-dragonfly-")
            })
    }
}
