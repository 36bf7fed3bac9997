import HTTPSemantics

/// How the end of a response's body is framed.
package enum ResponseBody: Equatable, Sendable {
    /// No byte follows the head, and nothing is said about a length.
    case none
    /// Exactly this many bytes. For HEAD only the length is sent.
    case length(Int64)
    /// Its length isn't known: chunks, or for HTTP/1.0 until the connection's end.
    case streamed
    /// Until the connection's end, also for HTTP/1.1: only that tells where it ends.
    case untilClose
}

/// What one response's head says about its body, and what follows the head (RFC 9112 §6.3).
struct ResponseFraming: Equatable {
    enum Body: Equatable {
        case none
        case length(Int64)
        case chunked
        case untilClose
    }

    /// What the head says.
    let told: Body
    /// No byte follows the head, whatever it says: what is sent is left out.
    let isLeftOut: Bool

    /// - Parameters:
    ///   - isHead: the request's method is HEAD.
    ///   - minorVersion: the client's.
    init(_ body: ResponseBody, status: Int, isHead: Bool, minorVersion: Int) {
        let allowsBody = HTTPStatus(status).allowsBody
        isLeftOut = isHead || !allowsBody
        told =
            switch allowsBody ? body : .none {
            case .none: .none
            case .length(let count): .length(count)
            case .streamed: minorVersion > 0 ? .chunked : .untilClose
            case .untilClose: .untilClose
            }
    }

    /// What follows the head.
    var sent: Body { isLeftOut ? .none : told }
    /// Only the connection's end ends the body.
    var endsByClosing: Bool { if case .untilClose = sent { true } else { false } }

    func write(to head: inout HeadBytes) {
        switch told {
        case .length(let count): head.field("Content-Length", count)
        case .chunked: head.text("Transfer-Encoding: chunked\r\n")
        case .none, .untilClose: break
        }
    }
}
