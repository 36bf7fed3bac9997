/// The validators of a stored response.
package struct StoredValidators: Equatable, Sendable {
    package var etag: EntityTag?
    /// As the origin wrote it.
    package var lastModified: HTTPField.Value?
    /// Of `lastModified`, since 1970; nil if it is invalid.
    package var modifiedSecond: Int64?
    /// When the response came, since 1970.
    package var storedSecond: Int64

    /// - Parameter storedSecond: since 1970.
    package init(headers: HTTPFields, storedSecond: Int64) {
        etag = headers.entityTag
        lastModified = headers.first(.lastModified)
        modifiedSecond = lastModified.flatMap { HTTPDate.seconds($0) }
        self.storedSecond = storedSecond
    }

    /// Whether the object cannot have changed again under the same date (RFC 9110 §8.8.2.2).
    package var isDateStrong: Bool {
        modifiedSecond.map { HTTPDate.isStrong(modified: $0, toldAt: storedSecond) } ?? false
    }
}
