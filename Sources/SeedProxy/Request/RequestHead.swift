import HTTPTypes

/// The head of one request, as any decoder delivers it.
struct RequestHead {
    var method: String
    /// The request target, byte for byte as it was sent.
    var target: String
    /// HTTP/1.`minorVersion`.
    var minorVersion: Int
    var fields: HTTPFields
    /// The client wants to send more requests on this connection.
    var isPersistent: Bool

    var isChunked: Bool { fields[.transferEncoding] != nil }
    var hasBody: Bool { isChunked || (fields[.contentLength].map { $0 != "0" } ?? false) }
    /// The URL without its query, which may hold secrets.
    var loggedTarget: Substring { target.prefix { $0 != "?" && $0 != "#" } }

    /// What makes the head unacceptable on any path: shapes that two servers may read differently.
    var fault: Refusal? {
        if method == "CONNECT" { return .noTunnels }
        if target.utf8.count > 16_384 { return .uriTooLong }
        let hosts = fields[values: .hostField].count
        if hosts > 1 || (hosts == 0 && minorVersion > 0) { return .badRequest("Exactly one Host field is needed.") }
        if isChunked, fields[.contentLength] != nil {
            return .badRequest("Content-Length and Transfer-Encoding exclude each other.")
        }
        if isChunked, fields[.transferEncoding]?.lowercased() != "chunked" { return .unknownCoding }
        if isChunked, minorVersion == 0 { return .badRequest("HTTP/1.0 has no Transfer-Encoding.") }
        return nil
    }
}

/// A request in the order its parts arrive.
enum RequestPart<Bytes> {
    case head(RequestHead)
    case body(Bytes)
    case end
    /// What followed could not be read as HTTP; nothing comes after it.
    case malformed(Refusal)
}
