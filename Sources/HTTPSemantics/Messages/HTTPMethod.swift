/// A request method. Methods are compared with regard to case (RFC 9110 §9.1).
public struct HTTPMethod: Hashable, Sendable {
    /// As it stands in the request line.
    public let rawValue: String

    private init(known rawValue: String) {
        self.rawValue = rawValue
    }

    /// Nil unless this is a token.
    public init?(_ text: some StringProtocol) {
        self.init(octets: text.utf8)
    }

    /// Nil unless this is a token.
    public init?(octets: some Collection<UInt8>) {
        guard HTTPField.isToken(octets) else { return nil }
        rawValue = String(decoding: octets, as: UTF8.self)
    }

    public static let get = HTTPMethod(known: "GET")
    public static let head = HTTPMethod(known: "HEAD")
    public static let options = HTTPMethod(known: "OPTIONS")
    public static let trace = HTTPMethod(known: "TRACE")
    public static let connect = HTTPMethod(known: "CONNECT")
    public static let post = HTTPMethod(known: "POST")
    public static let put = HTTPMethod(known: "PUT")
    public static let patch = HTTPMethod(known: "PATCH")
    public static let delete = HTTPMethod(known: "DELETE")

    /// It only reads (RFC 9110 §9.2.1).
    public var isSafe: Bool { [.get, .head, .options, .trace].contains(self) }

    /// Sent twice it does no more than once (RFC 9110 §9.2.2).
    public var isIdempotent: Bool { isSafe || self == .put || self == .delete }
}

extension HTTPMethod: CustomStringConvertible {
    public var description: String { rawValue }
}
