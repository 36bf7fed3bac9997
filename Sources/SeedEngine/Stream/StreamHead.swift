package import DragonflyIdentity
package import HTTPSemantics
package import SeedSupport

/// What a client is told before the first byte: enough for status line and header fields.
package struct StreamHead: Sendable, Equatable {
    /// Where the bytes come from, as told in `Cache-Status` (RFC 9211).
    package enum CacheStatus: Sendable, Equatable {
        /// Every byte of the range was held when the request came.
        case hit
        /// As `hit`, of an object that is due to be asked for again while its origin does not answer.
        case stale
        /// The origin was asked just now whether the stored bytes still count, and said yes.
        case revalidated
        /// Bytes are missing. `collapsed`: other requests' flights already fetch all of them.
        case miss(collapsed: Bool)
    }

    package var wireID: TaskID
    /// Length of the whole object in bytes.
    package var length: Int64
    /// The bytes that follow.
    package var range: ByteRange
    /// True when the client asked for a range: 206, not 200.
    package var isPartial: Bool
    /// The stored representation headers, as the origin gave them.
    package var headers: HTTPFields
    /// When the origin gave them.
    package var storedAt: Timestamp
    /// True only when every piece of the task is held.
    package var isFinished: Bool
    package var cacheStatus: CacheStatus
}

/// The origin's own answer to a first contact that was no success. It is relayed and never stored.
package struct OriginAnswer: Sendable, Equatable {
    package var status: Int
    package var headers: HTTPFields
    package var body: Bytes

    /// Longer bodies make the request go straight through instead.
    package static let bodyLimit = 64 * 1024
}

/// Why a request cannot go through the cache; it is relayed straight from the origin.
package enum BypassReason: String, Sendable, Equatable {
    case unknownLength = "length unknown"
    /// Without a validator, separate answers may mix versions (rule 5).
    case noValidator = "no validator"
    case emptyObject = "empty object"
    case longErrorBody = "long error body"
    case encoded = "encoded content"
    case noRoom = "no room"
    /// The origin changed the object too often for a generation to settle (rule 6).
    case unstable = "object keeps changing"
    /// One URL with several representations.
    case varies = "answer varies"
    case beyondReach = "range beyond any object"
    /// More fields, or longer ones, than are kept with an object.
    case longHead = "fields too long to store"
    /// The origin says `no-store` or `private`.
    case notStorable = "origin forbids storing"
    /// HEAD of an object that was not fetched so far.
    case unknown = "object unknown"
    /// It refused several who asked otherwise; nobody waits for more of them.
    case refusedOthers = "origin refuses others"
    /// Longer than `storage.taskSizeLimit`.
    case tooLong = "object longer than storage.taskSizeLimit"

    /// Whether the next request for the same object will most likely meet the same.
    var isLasting: Bool {
        switch self {
        case .unknownLength, .noValidator, .emptyObject, .varies, .longHead, .notStorable, .tooLong: true
        case .encoded, .longErrorBody, .noRoom, .unstable, .beyondReach, .unknown, .refusedOthers: false
        }
    }
}
