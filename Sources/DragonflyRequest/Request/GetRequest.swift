import DragonflyIdentity
public import HTTPSemantics

/// What to get, and how. All but the URL has a default.
public struct GetRequest: Hashable, Sendable {
    /// An `http` or `https` URL. It reaches the seed peer byte for byte as given, without its fragment.
    public var url: String
    /// Header fields for the origin. `X-Dragonfly-*` fields that stand for a member of this value are overwritten.
    public var headers: HTTPFields
    /// The bytes wanted, counted from 0; nil for the whole object. Overwrites a `Range` field in ``headers``.
    /// It does not enter the task id, so all ranges of one object go to the same seed peers.
    public var range: Range<Int64>?
    /// The task's piece length in bytes. Seed peers take 4 MiB to 64 MiB. Nil lets the seed peer choose.
    public var pieceLength: UInt64?
    /// Separates tasks of the same URL. An empty text is sent, but makes the same task id as none.
    public var tag: String?
    /// As ``tag``.
    public var application: String?
    /// Names of query parameters that do not enter the task id. Without any, the URL is taken exactly as written.
    public var filteredQueryParams: [String]
    /// When given, even if empty, it alone makes the task id.
    public var contentForCalculatingTaskID: String?
    /// Whether OCI blob and manifest URLs are named by their digest.
    public var enableTaskIDBasedBlobDigest: Bool
    /// Dragonfly's priority, 0 to 6, sent as it is. 6 is demand; at 3 and below our seed peers fetch after all other
    /// requests. Nil sends no priority, which counts as 6.
    public var priority: Int32?
    /// How many seed peers share the object, 1 or more. Fewer are used if there are fewer.
    public var replicas: Int
    /// The limit of one attempt, from its connection to the last byte of the body; more than 0.
    public var timeout: Duration

    /// Accepts any values: the get throws ``DragonflyError/invalidArgument(_:)`` for invalid ones, and for those that
    /// no header can carry.
    public init(
        url: String, headers: HTTPFields = [:], range: Range<Int64>? = nil, pieceLength: UInt64? = nil,
        tag: String? = nil, application: String? = nil,
        filteredQueryParams: [String] = GetRequest.defaultFilteredQueryParams,
        contentForCalculatingTaskID: String? = nil, enableTaskIDBasedBlobDigest: Bool = true,
        priority: Int32? = nil, replicas: Int = 2, timeout: Duration = .seconds(600)
    ) {
        self.url = url
        self.headers = headers
        self.range = range
        self.pieceLength = pieceLength
        self.tag = tag
        self.application = application
        self.filteredQueryParams = filteredQueryParams
        self.contentForCalculatingTaskID = contentForCalculatingTaskID
        self.enableTaskIDBasedBlobDigest = enableTaskIDBasedBlobDigest
        self.priority = priority
        self.replicas = replicas
        self.timeout = timeout
    }

    /// Dragonfly's list: what S3, GCS, OSS, OBS and COS sign with, and containerd's `ns`.
    public static let defaultFilteredQueryParams: [String] = QueryFilter.defaultNames
}

extension GetRequest {
    /// The task this request is about.
    ///
    /// - Throws: ``DragonflyError/internal(_:)`` when the request names no task: the URL is malformed, or a blob URL
    ///   ends in no acceptable digest.
    public func task() throws(DragonflyError) -> DragonflyTask {
        try DragonflyTask(
            url: url, tag: tag, application: application, pieceLength: pieceLength,
            filteredQueryParams: filteredQueryParams, contentForCalculatingTaskID: contentForCalculatingTaskID,
            enableTaskIDBasedBlobDigest: enableTaskIDBasedBlobDigest)
    }

    /// - Throws: ``DragonflyError/invalidArgument(_:)``.
    func validate() throws(DragonflyError) {
        guard replicas > 0 else { throw .invalidArgument("replicas is \(replicas); 1 or more is allowed") }
        guard timeout > .zero else { throw .invalidArgument("timeout is \(timeout); more than 0 is allowed") }
        if let range, range.lowerBound < 0 || range.isEmpty {
            throw .invalidArgument("range is \(range); ranges begin at 0 or later and hold a byte")
        }
    }
}
