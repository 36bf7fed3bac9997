public import HTTPSemantics

/// Why a request failed, grouped by who must act.
public enum DragonflyError: Error, Hashable, Sendable {
    /// The origin answered with an error.
    case backend(Refusal)
    /// The seed peer refused the request, or the server does not behave like a seed peer.
    case proxy(Refusal)
    /// The seed peer failed.
    case dfdaemon(Refusal)
    /// An attempt took longer than ``GetRequest/timeout``, a connection longer than its limit, or a seed peer was silent for
    /// ``ClientConfiguration/firstByteTimeout`` and answered no other request either.
    case timeout(String)
    /// The request or the configuration is wrong. Nothing was sent.
    case invalidArgument(String)
    /// There is no seed peer to ask: discovery found none, or none is healthy.
    case hostNotFound(String)
    /// The rest: a connection failed, a body broke, the object changed while it was read, discovery failed, an endpoint
    /// is malformed, or the request names no task.
    case `internal`(String)
    /// The task that made the request was cancelled.
    case cancelled

    /// A response that is not 2xx.
    public struct Refusal: Hashable, Sendable {
        /// The status of the response; nil when it is not known.
        public var status: Int?
        /// All fields of the response; empty without one.
        public var headers: HTTPFields
        /// The body of the response, at most its first 64 KiB, or what is wrong with the response. Often empty, and
        /// always for a tunnel that was refused.
        public var message: String

        /// For tests of error handling; clients make their own.
        public init(status: Int?, headers: HTTPFields = [:], message: String = "") {
            self.status = status
            self.headers = headers
            self.message = message
        }

        /// Whether the same request may fare better elsewhere or later: 5xx, 408, 429, or no status at all.
        var isTransient: Bool {
            status.map { $0 >= 500 || $0 == 408 || $0 == 429 } ?? true
        }
    }

    /// Whether another attempt, mostly at another seed peer, may succeed.
    public var isRetryable: Bool {
        switch self {
        case .backend(let refusal), .proxy(let refusal), .dfdaemon(let refusal): refusal.isTransient
        case .timeout, .internal: true
        case .invalidArgument, .hostNotFound, .cancelled: false
        }
    }

    /// The response, when there was one.
    public var refusal: Refusal? {
        switch self {
        case .backend(let refusal), .proxy(let refusal), .dfdaemon(let refusal): refusal
        default: nil
        }
    }
}

extension DragonflyError {
    /// What a response that is not 2xx means: `X-Dragonfly-Error-Type` tells whose error it is.
    public init(status: Int, headers: HTTPFields, message: String) {
        var refusal = Refusal(status: status, headers: headers, message: message)
        switch headers[.dragonflyErrorType] {
        case "backend": self = .backend(refusal)
        case "dfdaemon": self = .dfdaemon(refusal)
        case "proxy": self = .proxy(refusal)
        case let type?:
            refusal.message = "unknown error type from proxy: \(type)"
            self = .proxy(refusal)
        case nil:
            refusal.message = "unexpected status code from proxy: \(status)"
            self = .proxy(refusal)
        }
    }
}

extension DragonflyError: CustomStringConvertible {
    public var description: String {
        switch self {
        case .backend(let refusal): "the origin answered \(refusal)"
        case .proxy(let refusal): "the seed peer refused with \(refusal)"
        case .dfdaemon(let refusal): "the seed peer failed with \(refusal)"
        case .timeout(let text): "timeout: \(text)"
        case .invalidArgument(let text): "invalid argument: \(text)"
        case .hostNotFound(let text): "host not found: \(text)"
        case .internal(let text): "internal: \(text)"
        case .cancelled: "cancelled"
        }
    }
}

extension DragonflyError.Refusal: CustomStringConvertible {
    public var description: String {
        let status = status.map { "status \($0)" } ?? "no status"
        return message.isEmpty ? status : "\(status): \(message)"
    }
}
