import DragonflyIdentity

/// A task: what Dragonfly knows one object by. The same rules as those of Dragonfly's own libraries and daemons.
public struct DragonflyTask: Hashable, Sendable {
    /// Which of Dragonfly's four ways named the task.
    public enum Variant: String, Hashable, Sendable {
        /// By a text the client gave.
        case content
        /// By the digest at the end of an OCI blob URL.
        case blobDigest
        /// By the digest at the end of an OCI manifest URL.
        case manifestDigest
        /// By its URL, tag, application, revision and piece length.
        case url
    }

    /// What seed peers store and report the object under, and what the ring is asked for.
    public let id: String
    /// Which way it was named.
    public let variant: Variant
    /// The URL as it enters the id: without what is filtered, its query sorted. Not for fetching.
    public let canonicalURL: String

    let taskID: TaskID

    /// The revision is one of a model hub; gets have none.
    ///
    /// - Throws: ``DragonflyError/internal(_:)`` when the URL is malformed, or a blob URL ends in no acceptable digest.
    public init(
        url: String, tag: String? = nil, application: String? = nil, revision: String? = nil,
        pieceLength: UInt64? = nil, filteredQueryParams: [String] = GetRequest.defaultFilteredQueryParams,
        contentForCalculatingTaskID: String? = nil, enableTaskIDBasedBlobDigest: Bool = true
    ) throws(DragonflyError) {
        let identity: TaskIdentity
        do {
            identity = try TaskIdentity(
                url: url,
                marks: .init(tag: tag, application: application, revision: revision, pieceLength: pieceLength),
                filter: QueryFilter(ofRequest: filteredQueryParams), content: contentForCalculatingTaskID,
                usesBlobDigest: enableTaskIDBasedBlobDigest)
        } catch {
            throw .internal("failed to generate task id: \(error)")
        }
        taskID = identity.taskID
        id = identity.taskID.description
        canonicalURL = identity.canonicalURL
        variant =
            switch identity.variant {
            case .content: .content
            case .blobDigest: .blobDigest
            case .manifestDigest: .manifestDigest
            case .url: .url
            }
    }
}

extension QueryFilter {
    /// The default list is made once: most gets have it, and it is long.
    fileprivate init(ofRequest names: [String]) {
        self = names == GetRequest.defaultFilteredQueryParams ? .default : QueryFilter(names)
    }
}
