import HTTPSemantics

/// The header lines that an `OriginRequest` is sent with.
struct RequestLines {
    /// In order; an empty value is sent as such.
    private(set) var fields = HTTPFields()

    /// - Parameter crossedOrigins: a redirect has led away from the origin that the headers were meant for.
    init(_ request: OriginRequest, userAgent: String, crossedOrigins: Bool) {
        for field in request.headers where !Self.ours.contains(field.name.id) && field.name != .cookie {
            if !crossedOrigins || FieldIDSet.impersonal.contains(field.name.id) { fields.append(field) }
        }
        if !crossedOrigins, let cookies = request.headers[content: .cookie] {
            // HTTP/1.1 wants one Cookie field, HTTPFields may hold it split.
            fields.append(HTTPField(name: .cookie, content: cookies))
        }
        if !fields.contains(.userAgent) {
            fields.append(HTTPField(name: .userAgent, value: userAgent))
        }
        fields.append(HTTPField(name: .acceptEncoding, value: "identity"))
        if let range = request.range { fields.append(HTTPField(name: .range, value: "bytes=\(range)")) }
        if let condition = request.condition.field { fields.append(condition) }
    }

    /// Set by us, never copied; proxy credentials are for this server only.
    private static let ours = FieldIDSet.hopByHop.union(.decidedByFetch)
}
