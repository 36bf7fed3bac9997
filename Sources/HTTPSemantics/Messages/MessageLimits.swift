/// Limits on received messages. Anything longer is refused before it is processed.
package enum MessageLimits {
    /// Bytes of a response's heads and trailers together, interim heads included.
    package static let receivedHead = 64 << 10
    /// Lines of one head behind its status line; trailers count with the final head.
    package static let receivedFields = 128
    /// Bytes of the fields that are kept with an object, as lines of a head.
    package static let storedHead = 16 << 10
    /// Fields that are kept with an object.
    package static let storedFields = 64
    /// Bytes of a `Location` that is followed.
    package static let location = 8 << 10
    /// Bytes of a URL that is asked for.
    package static let url = 16 << 10
}
