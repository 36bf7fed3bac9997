import HTTPSemantics
import HTTPServer
import HTTPTransfers

/// The response to the client, once the origin's final head has come. Pure logic, no I/O.
enum PassThroughResponse: Equatable {
    /// - Parameter body: with `none`, what the fields say about a length stays.
    case respond(status: Int, fields: HTTPFields, body: ResponseBody)
    /// The response to HEAD, derived from a GET of one byte, whose body is discarded.
    case respondToHead(status: Int, fields: HTTPFields)
    /// The origin refuses HEAD (as signed URLs for GET do), or does not say what GET would: how long the object is.
    case askOneByte

    /// - Parameters:
    ///   - request: the client's.
    ///   - askedOneByte: instead of HEAD.
    init(_ head: TransferHead, to request: RequestHead, askedOneByte: Bool) {
        let fields = head.fields.endToEnd
        if askedOneByte {
            self = .asHead(head.status, fields)
        } else if request.method == .head, head.isNoHeadOfGet {
            self = .askOneByte
        } else {
            self = .respond(head, fields, request)
        }
    }

    private static func respond(_ head: TransferHead, _ fields: HTTPFields, _ request: RequestHead) -> Self {
        let status = HTTPStatus(head.status)
        let withoutLength = fields.without(FieldIDSet(.contentLength))
        if status == .noContent { return .respond(status: head.status, fields: withoutLength, body: .none) }
        if request.method == .head || status == .notModified {
            return .respond(status: head.status, fields: fields, body: .none)
        }
        let body: ResponseBody = head.isChunked ? .streamed : head.contentLength.map { .length($0) } ?? .untilClose
        return .respond(status: head.status, fields: withoutLength, body: body)
    }

    /// docs/http-contract.md.
    private static func asHead(_ status: Int, _ fields: HTTPFields) -> Self {
        var (status, fields) = (status, fields)
        switch (status, fields.contentRange) {
        case (206, .part(_, total: let total?)): (status, fields[.contentLength]) = (200, "\(total)")
        case (416, .unsatisfied(total: 0)): (status, fields[.contentLength]) = (200, "0")
        default: break
        }
        fields[.contentRange] = nil
        return .respondToHead(status: status, fields: fields)
    }
}

extension TransferHead {
    fileprivate var isNoHeadOfGet: Bool {
        switch status {
        case 403, 405, 501: true
        case 200: !fields.contains(.contentLength)
        default: false
        }
    }
}
