import Foundation
package import HTTPSemantics

/// What a scripted origin is going to send: a value that faults change before a byte of it leaves.
package struct FaultyResponse: Sendable {
    package enum Body: Sendable {
        case bytes([UInt8])
        case part(of: FaultyObject, Range<Int64>)
    }

    /// How the body's end is told.
    package enum Framing: Sendable {
        /// `Content-Length`: the body's own length and this much more.
        case length(plus: Int64)
        case chunked
        /// Not at all: the connection is closed.
        case close
    }

    /// What happens once so many bytes of the body are sent.
    package enum Break: Sendable {
        case cut(after: Int64)
        case reset(after: Int64)
        /// Nothing more is sent until it is released.
        case stall(after: Int64)
        /// Our side is closed, yet the connection stays.
        case halfClose(after: Int64)
    }

    package var version = "HTTP/1.1"
    /// Code and reason.
    package var status: String
    package var fields: HTTPFields
    package var body: Body
    package var framing = Framing.length(plus: 0)
    package var breaksOff: Break?
    /// Bytes sent after the body's end.
    package var surplus = 0
    /// Waited before the head and before each byte of it, in milliseconds.
    package var headDelay: UInt32 = 0
    package var headByteDelay: UInt32 = 0
    /// The body is sent so many bytes at a time, with a pause after each.
    package var drip: (bytes: Int, milliseconds: UInt32)?
    /// Sent instead of status line and fields.
    package var rawHead: String?

    package init(_ status: String, _ fields: HTTPFields = [:], body: Body = .bytes([])) {
        self.status = status
        self.fields = fields
        self.body = body
    }

    package var bodyLength: Int64 {
        switch body {
        case .bytes(let bytes): Int64(bytes.count)
        case .part(_, let range): Int64(range.count)
        }
    }

    /// What a correct origin answers (RFC 9110 §13.2.2, §14.2).
    package init(
        to request: FaultyRequest, about object: FaultyObject, honouringRange: Bool, honouringConditions: Bool
    ) {
        var fields = object.fields
        fields[.date] = HTTPDate.text(second: Int64(Date().timeIntervalSince1970))
        fields[.eTag] = object.etag
        fields[.lastModified] = object.modified.map { HTTPDate.text(second: $0) }
        if honouringConditions, let status = Self.failedCondition(request, object) {
            self.init(status, fields)
            return
        }
        let mayBePart = honouringRange && (!honouringConditions || Self.ifRangeHolds(request, object))
        if honouringRange { fields[.acceptRanges] = "bytes" }
        guard mayBePart, let range = request.range(in: Int(object.length)) else {
            self.init("200 OK", fields, body: .part(of: object, 0..<object.length))
            return
        }
        guard !range.isEmpty else {
            fields[.contentRange] = "bytes */\(object.length)"
            self.init("416 Range Not Satisfiable", fields)
            return
        }
        fields[.contentRange] = "bytes \(range.lowerBound)-\(range.upperBound - 1)/\(object.length)"
        let part = Int64(range.lowerBound)..<Int64(range.upperBound)
        self.init("206 Partial Content", fields, body: .part(of: object, part))
    }

    private static func failedCondition(_ request: FaultyRequest, _ object: FaultyObject) -> String? {
        func date(_ name: HTTPField.Name) -> Int64? { request.headers[name].flatMap { HTTPDate.seconds($0) } }
        if let tags = request.headers[.ifMatch] {
            let isStrong = object.etag?.hasPrefix("W/") == false
            if tags != "*", !isStrong || tags != object.etag { return "412 Precondition Failed" }
        } else if let date = date(.ifUnmodifiedSince), let modified = object.modified, modified > date {
            return "412 Precondition Failed"
        }
        if let tags = request.headers[.ifNoneMatch] {
            func opaque(_ tag: String) -> Substring { tag.hasPrefix("W/") ? tag.dropFirst(2) : tag[...] }
            if tags == "*" || object.etag.map(opaque) == opaque(tags) { return "304 Not Modified" }
        } else if let date = date(.ifModifiedSince), let modified = object.modified, modified <= date {
            return "304 Not Modified"
        }
        return nil
    }

    private static func ifRangeHolds(_ request: FaultyRequest, _ object: FaultyObject) -> Bool {
        guard let condition = request.headers[.ifRange] else { return true }
        return condition.hasPrefix("\"")
            ? condition == object.etag : object.modified != nil && HTTPDate.seconds(condition) == object.modified
    }
}
