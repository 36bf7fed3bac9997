import HTTPSemantics
import HTTPServer
import SeedEngine
import SeedSupport

/// The part of a task's responses that is the same for all of them, written once for each version of its record
/// (rule:revalidation).
final class PreparedHead {
    private let headers: HTTPFields
    private let storedAt: Timestamp
    private let length: Int64
    /// Fields of 200 and 206, but for the content type, which several ranges change.
    let bytes: Bytes
    /// `Content-Type`; empty if the origin gave none.
    let contentTypeField: Bytes
    /// Fields of 304: those that a cache needs to refresh what it holds (RFC 9110 §15.4.5).
    let notModified: Bytes
    let validators: StoredValidators
    /// The fields of a hit with at most one range, as last written.
    private var hit = (age: Int64(-1), isFinished: false, fields: Bytes())

    init(_ head: StreamHead, wireID: String, configuration: ProxyConfiguration) {
        headers = head.headers
        storedAt = head.storedAt
        length = head.length
        validators = StoredValidators(headers: head.headers, storedSecond: head.storedAt.seconds)
        let forClient = head.headers.forClient
        var own = HeadBytes()
        own.field("X-Dragonfly-Task-ID", wireID)
        own.serverFields(configuration)
        own.field("Accept-Ranges", "bytes")
        var whole = HeadBytes()
        whole.fields(forClient.without(FieldIDSet(.contentType)))
        whole.append(own.bytes)
        bytes = whole.bytes
        var type = HeadBytes(capacity: 64)
        type.fields(forClient.only(FieldIDSet(.contentType)))
        contentTypeField = type.bytes
        var refreshed = HeadBytes()
        refreshed.fields(forClient.only(.refreshing))
        refreshed.append(own.bytes)
        notModified = refreshed.bytes
    }

    /// The fields of a hit with at most one range, except those that depend on the range. Written once a second.
    /// - Parameter cacheStatus: the field that tells of a hit.
    func fieldsOfHit(age: Int64, isFinished: Bool, cacheStatus: Bytes) -> Bytes {
        if hit.age == age, hit.isFinished == isFinished { return hit.fields }
        var fields = HeadBytes()
        fields.append(bytes)
        fields.append(contentTypeField)
        fields.field("Age", age)
        fields.append(cacheStatus)
        if isFinished { fields.text(Self.finishedField) }
        hit = (age, isFinished, fields.bytes)
        return hit.fields
    }

    static let finishedField: StaticString = "X-Dragonfly-Task-Download-Finished: true\r\n"

    /// Whether bytes of both may be combined in one response: same strong entity tag, or same record.
    func isSameVersion(as other: PreparedHead) -> Bool {
        guard length == other.length else { return false }
        if let tag = validators.etag, let theirs = other.validators.etag { return tag.matchesStrongly(theirs) }
        return storedAt == other.storedAt && headers == other.headers
    }

    /// Whether it was made of the same record.
    func isOf(_ head: StreamHead) -> Bool {
        storedAt == head.storedAt && length == head.length && headers == head.headers
    }
}
