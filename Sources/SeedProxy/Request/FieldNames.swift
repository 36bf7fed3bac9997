import HTTPTypes

extension HTTPField.Name {
    /// Only for names written in this file: each is a token, so it is a field name.
    private init(known name: String) {
        guard let name = HTTPField.Name(name) else { preconditionFailure("\(name) is no field name") }
        self = name
    }

    static let hostField = HTTPField.Name(known: "Host")
    static let dragonflyUseP2P = HTTPField.Name(known: "X-Dragonfly-Use-P2P")
    static let dragonflyTag = HTTPField.Name(known: "X-Dragonfly-Tag")
    static let dragonflyApplication = HTTPField.Name(known: "X-Dragonfly-Application")
    static let dragonflyPieceLength = HTTPField.Name(known: "X-Dragonfly-Piece-Length")
    static let dragonflyFilteredQueryParams = HTTPField.Name(known: "X-Dragonfly-Filtered-Query-Params")
    static let dragonflyContent = HTTPField.Name(known: "X-Dragonfly-Content-For-Calculating-Task-ID")
    static let dragonflyBlobDigest = HTTPField.Name(known: "X-Dragonfly-Enable-Task-ID-Based-Blob-Digest")
}

extension HTTPFields {
    /// Fields about one connection only (RFC 9110 §7.6.1), in lower case.
    private static let hopByHop: Set<String> = [
        "connection", "keep-alive", "proxy-connection", "te", "trailer", "transfer-encoding", "upgrade",
        "proxy-authorization", "proxy-authenticate", "proxy-authentication-info",
    ]
    /// What the engine decides by itself when it asks the origin.
    private static let decidedByEngine: Set<String> = [
        "host", "range", "if-range", "if-match", "if-none-match", "if-modified-since", "if-unmodified-since",
        "accept-encoding", "content-length", "expect",
    ]
    /// What the answer's writer decides, and what belonged to one earlier answer only.
    private static let decidedByWriter: Set<String> = [
        "content-length", "content-range", "accept-ranges", "date", "age", "set-cookie", "set-cookie2", "cache-status",
    ]

    /// The field names that `Connection` declares to be about this connection only, in lower case.
    private var nominated: [String] {
        self[values: .connection].flatMap { $0.split(separator: ",") }
            .map { $0.drop { $0 == " " || $0 == "\t" }.prefix { $0 != " " && $0 != "\t" }.lowercased() }
    }

    /// The fields that travel on: without those about one connection, and without those that are ours.
    var endToEnd: HTTPFields {
        let nominated = nominated
        return HTTPFields(
            filter { field in
                let name = field.name.canonicalName
                return !Self.hopByHop.contains(name) && !nominated.contains(name) && !name.hasPrefix("x-dragonfly-")
            })
    }

    /// What the engine may send to the origin in this client's name.
    var forEngine: HTTPFields {
        HTTPFields(endToEnd.filter { !Self.decidedByEngine.contains($0.name.canonicalName) })
    }

    /// The representation fields of a stored or relayed answer.
    var forClient: HTTPFields {
        HTTPFields(endToEnd.filter { !Self.decidedByWriter.contains($0.name.canonicalName) })
    }

    /// The fields that decide which task is meant.
    var dragonflyOptions: [HTTPField] {
        filter { $0.name.canonicalName.hasPrefix("x-dragonfly-") }
    }

    /// Adds our name to the list of the servers a message came through (RFC 9110 §7.6.3).
    mutating func appendVia(_ name: String) {
        append(HTTPField(name: .via, value: "1.1 \(name)"))
    }

    /// True when the message says it came through the server of this name.
    func cameThrough(_ name: String) -> Bool {
        self[values: .via].contains { line in
            line.split(separator: ",").contains { hop in
                let words = hop.split(whereSeparator: { $0 == " " || $0 == "\t" })
                return words.count > 1 && words[1] == name
            }
        }
    }
}
