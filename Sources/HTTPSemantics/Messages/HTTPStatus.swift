/// A status code (RFC 9110 §15).
public struct HTTPStatus: Hashable, Sendable {
    public let code: Int

    public init(_ code: Int) {
        self.code = code
    }

    public static let `continue`: HTTPStatus = 100
    public static let switchingProtocols: HTTPStatus = 101
    public static let ok: HTTPStatus = 200
    public static let noContent: HTTPStatus = 204
    public static let partialContent: HTTPStatus = 206
    public static let notModified: HTTPStatus = 304
    public static let badRequest: HTTPStatus = 400
    public static let unauthorized: HTTPStatus = 401
    public static let forbidden: HTTPStatus = 403
    public static let notFound: HTTPStatus = 404
    public static let methodNotAllowed: HTTPStatus = 405
    public static let proxyAuthenticationRequired: HTTPStatus = 407
    public static let requestTimeout: HTTPStatus = 408
    public static let conflict: HTTPStatus = 409
    public static let preconditionFailed: HTTPStatus = 412
    public static let contentTooLarge: HTTPStatus = 413
    public static let rangeNotSatisfiable: HTTPStatus = 416
    public static let tooManyRequests: HTTPStatus = 429
    public static let internalServerError: HTTPStatus = 500
    public static let notImplemented: HTTPStatus = 501
    public static let badGateway: HTTPStatus = 502
    public static let serviceUnavailable: HTTPStatus = 503
    public static let gatewayTimeout: HTTPStatus = 504
    public static let insufficientStorage: HTTPStatus = 507

    /// 100 to 199: others follow it.
    public var isInterim: Bool { 100..<200 ~= code }
    public var isSuccess: Bool { 200..<300 ~= code }
    /// Leads elsewhere by its `Location`, for every method that reads.
    public var isRedirect: Bool { [301, 302, 303, 307, 308].contains(code) }
    public var isClientError: Bool { 400..<500 ~= code }
    public var isServerError: Bool { 500..<600 ~= code }

    /// Whether a response with this status to a GET may have a body (RFC 9110 §6.4.1).
    public var allowsBody: Bool { !isInterim && code != 204 && code != 304 }
}

extension HTTPStatus: ExpressibleByIntegerLiteral, CustomStringConvertible {
    public init(integerLiteral code: Int) { self.init(code) }

    public var description: String { reasonPhrase.isEmpty ? "\(code)" : "\(code) \(reasonPhrase)" }
}
