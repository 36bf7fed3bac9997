/// Why input is refused as a request: the status of the response (RFC 9110 §15.5, §15.6) and a sentence for a person.
package struct RequestError: Error, Equatable, Sendable {
    package var status: Int
    package var message: String

    package init(status: Int, message: String) {
        self.status = status
        self.message = message
    }

    package static func badRequest(_ message: String) -> RequestError {
        RequestError(status: 400, message: message)
    }

    package static let uriTooLong = RequestError(status: 414, message: "The request target is longer than 16 KiB.")
    package static let headTooLarge = RequestError(
        status: 431, message: "The request head has more than 128 fields or 64 KiB.")
    package static let badChunk = RequestError.badRequest(
        "The chunked body is not well-formed, or its extensions are too long.")
    /// RFC 9112 §3: longer than any method there is.
    package static let unknownMethod = RequestError(status: 501, message: "The method is not known.")
    /// RFC 9112 §6.1.
    package static let unknownCoding = RequestError(status: 501, message: "The only transfer coding served is chunked.")
    package static let unknownVersion = RequestError(
        status: 505, message: "Only HTTP/1.1 and HTTP/1.0 are served.")
    package static let inputFull = RequestError(
        status: 503, message: "Too much waits of requests that are not complete; try again later.")
    package static let brokenBody = RequestError.badRequest("The request ended within its body.")
    package static let slowHead = RequestError(status: 408, message: "The request head did not come to its end.")
    package static let slowRequest = RequestError(status: 408, message: "The request body stopped coming.")
}
