import HTTPSemantics
import SeedTestSupport

/// Everything an origin does wrong in the campaign.
enum FaultKind: String, CaseIterable {
    case cut, reset, stall
    case halfClose = "half-close"
    case busy = "503"
    case busyRetryAfter = "503 Retry-After"
    case tooMany = "429 Retry-After"
    case timeout408 = "408"
    case shortBody = "short body"
    case longLength = "long length"
    case drip
    case slowHead = "slow head"
    case wrongStart = "wrong start"
    case wrongEnd = "wrong end"
    case wrongTotal = "wrong total"
    case otherPart = "other part"
    case noLength = "no length"
    case closeDelimited = "close-delimited"
    case chunked
    case http10 = "HTTP/1.0"
    case ignoresRange = "200 for ranges"
    case changedETag = "changed ETag"
    case changedLength = "changed length"
    case mirrors
    case noValidators = "no validators"
    case weakETag = "weak ETag"
    case surplus, gzip, multipart, garbage
    case hugeHead = "huge head"
    case notFound = "404"
    case forbidden = "403"
    case unaskedNotModified = "unasked 304"
    case precondition = "412"
    case unsatisfiable = "416"
    case emptyPart = "empty 206"
    case redirectLoop = "redirect loop"
    case redirectElsewhere = "redirect elsewhere"
    case expired = "expired signature"
    case serverError = "500"

    /// An origin does this by accident, and the next try goes well: the client must not notice.
    var isRecoverable: Bool {
        switch self {
        case .cut, .reset, .stall, .halfClose, .busy, .busyRetryAfter, .tooMany, .timeout408, .shortBody, .longLength,
            .drip, .slowHead, .serverError:
            true
        default: false
        }
    }

    /// The faults of one response about `object`, whose body has `count` bytes; `other` is another version of it.
    func faults(
        about object: FaultyObject, or other: FaultyObject, count: Int64, using random: inout some RandomNumberGenerator
    ) -> [Fault] {
        let place = Int64.random(in: 0..<max(count, 1), using: &random)
        let some = Int64.random(in: 1...5000, using: &random)
        switch self {
        case .cut: return [.cut(after: place)]
        case .reset: return [.reset(after: place)]
        case .stall: return [.stall(after: place)]
        case .halfClose: return [.halfClose(after: place)]
        case .busy: return [.status("503 Busy", body: "busy")]
        case .busyRetryAfter: return [.status("503 Busy", [.retryAfter: "0"], body: "busy")]
        case .tooMany: return [.status("429 Too Many", [.retryAfter: "0"])]
        case .timeout408: return [.status("408 Timeout")]
        case .serverError: return [.status("500 Oops", body: "oops")]
        case .shortBody: return [.length(plus: -min(some, count))]
        case .longLength: return [.length(plus: some)]
        case .drip: return [.drip(bytes: Int(max(count / 4, 1)), milliseconds: 3)]
        case .slowHead: return [.delay(20)]
        case .wrongStart: return [.misplaced(start: some)]
        case .wrongEnd: return [.misplaced(end: Bool.random(using: &random) ? some : -some)]
        case .wrongTotal: return [.misplaced(total: Bool.random(using: &random) ? some : -some)]
        case .otherPart: return [.otherPart(start: some, end: some)]
        case .noLength, .closeDelimited, .chunked, .http10, .noValidators, .weakETag, .surplus: return shape(some)
        case .ignoresRange: return [.ignoresRange]
        case .changedETag, .changedLength: return [.object(other)]
        case .mirrors: return [.mirrors([other, object])]
        case .gzip: return [.encoded("gzip")]
        case .multipart: return [.multipart]
        case .garbage: return [.garbage("\u{1}\u{2}nonsense\r\n\r\n")]
        case .hugeHead: return [.hugeHead(200_000)]
        case .notFound, .forbidden, .unaskedNotModified, .precondition, .unsatisfiable, .emptyPart, .redirectLoop,
            .redirectElsewhere, .expired:
            return responseFaults()
        }
    }

    private func shape(_ some: Int64) -> [Fault] {
        switch self {
        case .noLength, .closeDelimited: [.closeDelimited]
        case .chunked: [.chunked]
        case .http10: [.http10]
        case .noValidators: [.field(.eTag, nil), .field(.lastModified, nil)]
        case .weakETag: [.field(.eTag, "W/\"v1\"")]
        default: [.surplus(Int(some))]
        }
    }

    private func responseFaults() -> [Fault] {
        switch self {
        case .notFound: [.status("404 Not Found", body: "gone")]
        case .forbidden: [.status("403 Forbidden")]
        case .unaskedNotModified: [.status("304 Not Modified")]
        case .precondition: [.status("412 Precondition Failed")]
        case .unsatisfiable: [.status("416 Range Not Satisfiable", [.contentRange: "bytes */1"])]
        case .emptyPart: [.emptyPart]
        case .redirectLoop: [.redirect(302, to: "/loop")]
        case .redirectElsewhere: [.redirect(307, to: "http://127.0.0.1:1/nobody")]
        default: [.expiring]
        }
    }
}
