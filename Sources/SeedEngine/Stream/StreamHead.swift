package import DragonflyIdentity
package import HTTPSemantics
package import SeedSupport

/// Everything needed for a response's status line and fields.
package struct StreamHead: Sendable, Equatable {
    /// Where the bytes come from, as told in `Cache-Status` (RFC 9211).
    package enum CacheStatus: Sendable, Equatable {
        /// Every byte of the range was held when the request came.
        case hit
        /// As `hit`, of a stale object whose origin does not respond.
        case stale
        /// The stored bytes were just revalidated by the origin.
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

/// The origin's unsuccessful response to a first contact. It is relayed and never stored.
package struct OriginErrorResponse: Sendable, Equatable {
    package var status: Int
    package var headers: HTTPFields
    package var body: Bytes

    /// With a longer body the request passes through instead.
    package static let bodyLimit = 64 * 1024
}

/// Why a request bypasses the cache and passes straight through.
package enum BypassReason: String, Sendable, Equatable {
    case unknownLength = "length unknown"
    /// Without a validator, separate responses may mix versions (rule:version-validator).
    case noValidator = "no validator"
    case emptyObject = "empty object"
    case longErrorBody = "long error body"
    case encoded = "encoded content"
    case noRoom = "no room"
    /// The origin changed the object too often for a generation to settle (rule:no-mixed-versions).
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
    /// It refused several differing requests; no more of them are waited for.
    case refusedOthers = "origin refuses others"
    /// Longer than `storage.taskSizeLimit`.
    case tooLong = "object longer than storage.taskSizeLimit"

    /// Whether it will most likely apply to the next request for the object as well.
    var isLasting: Bool {
        switch self {
        case .unknownLength, .noValidator, .emptyObject, .varies, .longHead, .notStorable, .tooLong: true
        case .encoded, .longErrorBody, .noRoom, .unstable, .beyondReach, .unknown, .refusedOthers: false
        }
    }
}
