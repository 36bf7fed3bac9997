import HTTPTypes

/// The header fields of Dragonfly.
extension HTTPField.Name {
    static let dragonflyErrorType = HTTPField.Name(known: "X-Dragonfly-Error-Type")
    static let dragonflyTaskID = HTTPField.Name(known: "X-Dragonfly-Task-ID")
    static let dragonflyServerIP = HTTPField.Name(known: "X-Dragonfly-Server-IP")
    static let dragonflyDownloadFinished = HTTPField.Name(known: "X-Dragonfly-Task-Download-Finished")
    static let dragonflyUseP2P = HTTPField.Name(known: "X-Dragonfly-Use-P2P")
    static let dragonflyTag = HTTPField.Name(known: "X-Dragonfly-Tag")
    static let dragonflyApplication = HTTPField.Name(known: "X-Dragonfly-Application")
    static let dragonflyPieceLength = HTTPField.Name(known: "X-Dragonfly-Piece-Length")
    static let dragonflyPriority = HTTPField.Name(known: "X-Dragonfly-Priority")
    static let dragonflyFilteredQueryParams = HTTPField.Name(known: "X-Dragonfly-Filtered-Query-Params")
    static let dragonflyContent = HTTPField.Name(known: "X-Dragonfly-Content-For-Calculating-Task-ID")
    static let dragonflyBlobDigest = HTTPField.Name(known: "X-Dragonfly-Enable-Task-ID-Based-Blob-Digest")
    static let cacheStatus = HTTPField.Name(known: "Cache-Status")

    init(known name: String) {
        guard let name = HTTPField.Name(name) else { preconditionFailure("\(name) is a field name") }
        self = name
    }

    /// Whether this field speaks to a seed peer, and not to the origin.
    var isDragonfly: Bool { canonicalName.hasPrefix("x-dragonfly-") }
}
