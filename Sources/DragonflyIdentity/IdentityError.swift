/// Why a request names no task that we serve. The text is for the client.
public enum IdentityError: Error, Hashable, Sendable {
    /// The URL breaks the WHATWG rules.
    case malformedURL(URLFault)
    /// A blob URL whose last part is not `crc32:…`, `sha256:` and 64 or `sha512:` and 128 characters.
    case unacceptableDigest(String)
    /// The digest has the right length but isn't hexadecimal.
    case digestNotHexadecimal(String)
    /// In bytes, as asked for.
    case pieceLengthOutOfRange(UInt64)
}

/// What is wrong with a URL.
public enum URLFault: Error, Hashable, Sendable {
    case noScheme
    case noHost
    case badHost
    case badIPv4Address
    case badIPv6Address
    case badPort
}

extension IdentityError: CustomStringConvertible {
    public var description: String {
        switch self {
        case .malformedURL(let fault):
            "The URL is malformed: \(fault)."
        case .unacceptableDigest(let text):
            "The blob URL ends in \"\(text)\"; crc32:…, sha256: and 64 or sha512: and 128 digits are allowed."
        case .digestNotHexadecimal(let text):
            "The digest \"\(text)\" holds more than hexadecimal digits; send the digest as the registry gives it."
        case .pieceLengthOutOfRange(let length):
            "A piece length of \(length) bytes is not served; ask for 4194304 to 67108864 or leave it out."
        }
    }
}

extension URLFault: CustomStringConvertible {
    public var description: String {
        switch self {
        case .noScheme: "it has no scheme; write it in full, as in https://host/path"
        case .noHost: "it has no host"
        case .badHost: "its host is not a domain name"
        case .badIPv4Address: "its host ends in a number but is no IPv4 address"
        case .badIPv6Address: "the address in brackets is no IPv6 address"
        case .badPort: "its port is no number from 0 to 65535"
        }
    }
}
