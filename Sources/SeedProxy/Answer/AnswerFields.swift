import HTTPTypes

extension HTTPFields {
    /// Fields about one connection only (RFC 9110 §7.6.1), in lower case.
    private static let hopByHop: Set<String> = [
        "connection", "keep-alive", "proxy-connection", "te", "trailer", "transfer-encoding", "upgrade",
        "proxy-authorization", "proxy-authenticate", "proxy-authentication-info",
    ]
    /// What the answer's writer decides, and what belonged to one earlier answer only.
    private static let decidedByWriter: Set<String> = [
        "content-length", "content-range", "accept-ranges", "date", "age", "set-cookie", "set-cookie2", "cache-status",
    ]

    /// The field names that `Connection` declares to be about this connection only, in lower case.
    private var nominated: [String] {
        self[values: .connection].flatMap { $0.split(separator: ",") }.map { $0.trimmingBlanks.lowercased() }
    }

    /// The fields of an origin's answer that travel on: without those about one connection, and without those that
    /// only we may write.
    var endToEnd: HTTPFields {
        let nominated = nominated
        return HTTPFields(
            filter { field in
                let name = field.name.canonicalName
                // The length frames the body, whatever else is said about it.
                let isForUsAlone = name != "content-length" && nominated.contains(name)
                return !Self.hopByHop.contains(name) && !isForUsAlone && !name.hasPrefix("x-dragonfly-")
            })
    }

    /// The representation fields of a stored or relayed answer.
    var forClient: HTTPFields {
        HTTPFields(endToEnd.filter { !Self.decidedByWriter.contains($0.name.canonicalName) })
    }
}
