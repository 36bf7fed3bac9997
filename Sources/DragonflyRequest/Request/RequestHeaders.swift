import HTTPSemantics

extension GetRequest {
    /// The header fields a seed peer gets: the caller's, then what the members of the request say.
    ///
    /// - Throws: ``DragonflyError/invalidArgument(_:)`` for a text that no header can carry.
    func headersForPeer() throws(DragonflyError) -> HTTPFields {
        var fields = headersForOrigin()
        for name in headers.map(\.name) where name.isDragonfly { fields[name] = headers[name] }
        fields[.proxyAuthorization] = headers[.proxyAuthorization]
        if let pieceLength { fields[.dragonflyPieceLength] = String(pieceLength) }
        try fields.set(.dragonflyTag, to: tag, from: "tag")
        try fields.set(.dragonflyApplication, to: application, from: "application")
        try fields.set(.dragonflyContent, to: contentForCalculatingTaskID, from: "contentForCalculatingTaskID")
        fields[.dragonflyBlobDigest] = enableTaskIDBasedBlobDigest ? "true" : "false"
        if let priority { fields[.dragonflyPriority] = String(priority) }
        if !filteredQueryParams.isEmpty {
            fields[content: .dragonflyFilteredQueryParams] = try filteredNames()
        }
        fields[.dragonflyUseP2P] = "true"
        return fields
    }

    /// What an origin gets when it is asked directly.
    func headersForOrigin() -> HTTPFields {
        var fields = headers
        for name in headers.map(\.name) where name.isDragonfly || name.isOfConnection { fields[name] = nil }
        if let range { fields[.range] = "bytes=\(range.lowerBound)-\(range.upperBound - 1)" }
        return fields
    }

    private static let defaultFilteredNames = HTTPField.Value(defaultFilteredQueryParams.joined(separator: ","))

    /// The default list is joined once: most gets have it, and it is long.
    private func filteredNames() throws(DragonflyError) -> HTTPField.Value {
        if filteredQueryParams == Self.defaultFilteredQueryParams { return Self.defaultFilteredNames }
        for name in filteredQueryParams { try Self.checkFilteredName(name) }
        return HTTPField.Value(filteredQueryParams.joined(separator: ","))
    }

    /// Seed peers split the names at commas and trim them, so any other name would give a different task id there.
    private static func checkFilteredName(_ name: String) throws(DragonflyError) {
        guard HTTPField.isValidValue(name), !name.utf8.contains(UInt8(ascii: ",")) else {
            throw .invalidArgument(
                "the filtered query parameter \"\(name)\" holds a comma, outer spaces or control characters, "
                    + "which no header can carry")
        }
    }
}

extension HTTPFields {
    /// An absent text leaves the field as it is; an empty one is sent.
    fileprivate mutating func set(_ name: HTTPField.Name, to text: String?, from member: String) throws(DragonflyError)
    {
        guard let text else { return }
        guard HTTPField.isValidValue(text) else {
            throw .invalidArgument(
                "\(member) holds control characters or outer spaces, which no header can carry: \(text.debugDescription)"
            )
        }
        self[name] = text
    }
}

extension HTTPField.Name {
    /// Hop-by-hop, for the seed peer only, or framing, which a request without a body doesn't have.
    fileprivate var isOfConnection: Bool { FieldIDSet.hopByHop.union(.requestFraming).contains(id) }
}
