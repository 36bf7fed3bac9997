package import DragonflyIdentity
package import HTTPSemantics
package import SeedSupport

/// What the index holds of a task: its current generation and everything needed to respond for it.
package struct TaskRecord: Sendable, Equatable {
    package var key: StoreKey
    package var wireID: TaskID
    /// The counter in the content file's name. It rises with each generation of the key and is never reused.
    package var generation: UInt64
    /// Bytes of the whole object.
    package var contentLength: Int64
    /// Bytes of each piece but the last: 1 byte to 64 MiB.
    package var pieceLength: Int64
    /// The strong ETag as the origin wrote it, quotes included; nil when it gave none or a weak one.
    package var etag: String?
    /// The Last-Modified field's value.
    package var lastModified: String?
    /// The stored representation fields.
    package var headers: HTTPFields
    /// Where the bytes came from, query included.
    package var url: String
    /// The path and query that the key holds: as sent, without filtered parameters. Nil: the key holds none.
    package var target: String?
    package var tag: String?
    package var application: String?
    package var createdAt: Timestamp
    /// When the origin last confirmed this generation.
    package var fetchedAt: Timestamp
    package var flags: TaskFlags
    /// The digest that the whole object must have, as `sha256:…` or `sha512:…`; `.proven` says that it has.
    package var digest: String?
    /// The request fields that the response varies by, as they were sent.
    package var varyingFields: HTTPFields = [:]
    /// How the origin led from `url` to the bytes; nil: it gave them itself.
    package var redirect: StoredRedirect?
    /// The name that leads to these bytes from other URLs; nil while nothing proves that they are the same.
    package var sharedKey: StoreKey?
    /// What leads to this generation: the shared name, and the keys of URLs whose origin gave the same bytes. Only the
    /// store knows them.
    package internal(set) var aliases: [StoreKey] = []
    /// Of a later version of this program.
    var unknownFields: [UInt16: [UInt8]] = [:]

    package init(
        key: StoreKey, wireID: TaskID, generation: UInt64, contentLength: Int64, pieceLength: Int64,
        etag: String? = nil, lastModified: String? = nil, headers: HTTPFields = [:], url: String,
        target: String? = nil, tag: String? = nil, application: String? = nil, createdAt: Timestamp,
        fetchedAt: Timestamp, flags: TaskFlags = [], digest: String? = nil, sharedKey: StoreKey? = nil
    ) {
        self.key = key
        self.wireID = wireID
        self.generation = generation
        self.contentLength = contentLength
        self.pieceLength = pieceLength
        self.etag = etag
        self.lastModified = lastModified
        self.headers = headers
        self.url = url
        self.target = target
        self.tag = tag
        self.application = application
        self.createdAt = createdAt
        self.fetchedAt = fetchedAt
        self.flags = flags
        self.digest = digest
        self.sharedKey = sharedKey
    }

    /// The record to store instead of `known`: what only the store knows of a task is kept.
    func following(_ known: TaskRecord?) -> TaskRecord {
        guard let known else { return self }
        var record = self
        if known.flags.contains(.pinned) { record.setPinned(true) }
        guard known.generation == generation else { return record }
        record.createdAt = known.createdAt
        record.aliases = known.aliases
        record.unknownFields.merge(known.unknownFields) { mine, _ in mine }
        return record
    }

    mutating func setPinned(_ isPinned: Bool) {
        if isPinned { flags.insert(.pinned) } else { flags.remove(.pinned) }
    }

    package var layout: PieceLayout { PieceLayout(contentLength: contentLength, pieceLength: pieceLength) }
    package var grid: BlockGrid { BlockGrid(layout) }
}

/// Yes-or-no facts about a generation. The bits are on disk: never give one a second meaning.
package struct TaskFlags: OptionSet, Sendable, Hashable {
    package let rawValue: UInt32

    package init(rawValue: UInt32) { self.rawValue = rawValue }

    /// The bytes under this name never change: named by a digest, or the rule says so.
    package static let immutable = TaskFlags(rawValue: 1 << 0)
    /// No validator: all bytes are from one response.
    package static let singleResponse = TaskFlags(rawValue: 1 << 1)
    /// The origin does not serve ranges.
    package static let noRanges = TaskFlags(rawValue: 1 << 3)
    /// Never evicted, never expired.
    package static let pinned = TaskFlags(rawValue: 1 << 5)
    /// The origin gave these bytes to a request without a credential.
    package static let publiclyReadable = TaskFlags(rawValue: 1 << 7)
    /// Every byte was held, together they had `digest`, and none was fetched since.
    package static let proven = TaskFlags(rawValue: 1 << 6)
}

/// A chain of redirects that a response came by.
package struct StoredRedirect: Sendable, Equatable {
    /// Of the first response, which HEAD is shown.
    package var firstStatus: Int
    package var firstFields: HTTPFields
    /// When the first of the links must be asked again; nil: no link may be reused.
    package var endsAt: Timestamp?

    package init(firstStatus: Int, firstFields: HTTPFields, endsAt: Timestamp? = nil) {
        self.firstStatus = firstStatus
        self.firstFields = firstFields
        self.endsAt = endsAt
    }
}
