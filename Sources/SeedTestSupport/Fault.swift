import Foundation
package import HTTPSemantics

/// One thing that goes wrong with one response. Several may be put together; they work in the order of the rules.
package enum Fault: Sendable {
    // What is answered about
    /// Another version, or another length, of the object.
    case object(FaultyObject)
    /// These versions in turns, as mirrors that differ give them.
    case mirrors([FaultyObject])
    /// 200 and everything.
    case ignoresRange
    case ignoresConditions

    // What is answered instead
    case status(String, HTTPFields = [:], body: String = "")
    case redirect(Int, to: String)
    /// 403 once the time in the target's `Expires` (seconds since 1970) is past, or if it has none.
    case expiring
    /// 206 without a byte, as some response about an empty object.
    case emptyPart
    /// The bytes asked for as one part of `multipart/byteranges`.
    case multipart

    // What the head says
    /// Sets a field, or takes it out.
    case field(HTTPField.Name, String?)
    /// `Content-Range` is off by so much, while the bytes are those asked for.
    case misplaced(start: Int64 = 0, end: Int64 = 0, total: Int64 = 0)
    /// Other bytes than those asked for, truly named: ends moved by so much.
    case otherPart(start: Int64 = 0, end: Int64 = 0)
    /// `Content-Length` is off by so much.
    case length(plus: Int64)
    /// `Content-Encoding`, and bytes that are not the object's.
    case encoded(String)

    // How it is sent
    case http10
    case closeDelimited
    case chunked
    /// This instead of a head, the body follows.
    case garbage(String)
    /// A head that is so many bytes longer.
    case hugeHead(Int)
    /// Milliseconds before the head.
    case delay(UInt32)
    /// Milliseconds before each byte of the head.
    case slowHead(UInt32)
    case drip(bytes: Int, milliseconds: UInt32)
    case surplus(Int)
    /// How the body breaks off.
    case breaksOff(FaultyResponse.Break)

    package static func cut(after count: Int64) -> Fault { .breaksOff(.cut(after: count)) }
    package static func reset(after count: Int64) -> Fault { .breaksOff(.reset(after: count)) }
    package static func stall(after count: Int64) -> Fault { .breaksOff(.stall(after: count)) }
    package static func halfClose(after count: Int64) -> Fault { .breaksOff(.halfClose(after: count)) }
}

extension Fault {
    /// What a correct response would be about.
    struct Subject {
        var object: FaultyObject?
        var honoursRange = true
        var honoursConditions = true
    }

    func change(_ subject: inout Subject, turn: Int) {
        switch self {
        case .object(let other): subject.object = other
        case .mirrors(let versions): subject.object = versions[turn % versions.count]
        case .ignoresRange: subject.honoursRange = false
        case .ignoresConditions: subject.honoursConditions = false
        default: break
        }
    }

    func change(_ response: inout FaultyResponse, to request: FaultyRequest) {
        switch self {
        case .object, .mirrors, .ignoresRange, .ignoresConditions: break
        case .status(let status, let fields, let body):
            response = FaultyResponse(status, fields, body: .bytes(Array(body.utf8)))
        case .redirect(let status, let target): response = FaultyResponse("\(status) Elsewhere", [.location: target])
        case .expiring: if request.isExpired { response = FaultyResponse("403 Forbidden") }
        case .emptyPart: response = FaultyResponse("206 Partial Content", response.fields)
        case .multipart: response.wrapInParts()
        case .field(let name, let value): response.fields[name] = value
        case .misplaced(let start, let end, let total): response.misstate(start, end, total)
        case .otherPart(let start, let end): response.move(start, end)
        case .length(let more): response.framing = .length(plus: more)
        case .encoded(let coding): response.encode(coding)
        default: changeSending(of: &response)
        }
    }

    private func changeSending(of response: inout FaultyResponse) {
        switch self {
        case .http10:
            response.version = "HTTP/1.0"
            response.framing = .close
        case .closeDelimited: response.framing = .close
        case .chunked: response.framing = .chunked
        case .garbage(let text): response.rawHead = text
        case .hugeHead(let count): response.fields[.xHuge] = String(repeating: "x", count: count)
        case .delay(let milliseconds): response.headDelay = milliseconds
        case .slowHead(let milliseconds): response.headByteDelay = milliseconds
        case .drip(let bytes, let milliseconds): response.drip = (bytes, milliseconds)
        case .surplus(let count): response.surplus = count
        case .breaksOff(let how): response.breaksOff = how
        default: break
        }
    }
}

extension FaultyRequest {
    fileprivate var isExpired: Bool {
        let items = URLComponents(string: "http://x\(target)")?.queryItems ?? []
        guard let end = items.first(where: { $0.name == "Expires" })?.value.flatMap(Double.init) else { return true }
        return Date().timeIntervalSince1970 >= end
    }
}

extension FaultyResponse {
    fileprivate mutating func misstate(_ start: Int64, _ end: Int64, _ total: Int64) {
        guard case .part(let object, let range) = body, fields[.contentRange] != nil else { return }
        let (first, last) = (range.lowerBound + start, range.upperBound - 1 + end)
        fields[.contentRange] = "bytes \(first)-\(last)/\(object.length + total)"
    }

    fileprivate mutating func move(_ start: Int64, _ end: Int64) {
        guard case .part(let object, let range) = body, fields[.contentRange] != nil else { return }
        let first = max(0, range.lowerBound + start)
        let part = first..<max(first + 1, range.upperBound + end)
        body = .part(of: object, part)
        fields[.contentRange] = "bytes \(part.lowerBound)-\(part.upperBound - 1)/\(object.length)"
    }

    fileprivate mutating func encode(_ coding: String) {
        fields[.contentEncoding] = coding
        body = .bytes([0x1f, 0x8b, 8, 0] + [UInt8](repeating: 0xaa, count: Int(min(bodyLength, 1 << 20))))
    }

    fileprivate mutating func wrapInParts() {
        guard case .part(let object, let range) = body, let contentRange = fields[.contentRange] else { return }
        let head = "--part\r\nContent-Range: \(contentRange)\r\n\r\n"
        fields[.contentRange] = nil
        fields[.contentType] = "multipart/byteranges; boundary=part"
        body = .bytes(Array(head.utf8) + object.bytes(range) + Array("\r\n--part--\r\n".utf8))
    }
}

extension HTTPField.Name {
    fileprivate static let xHuge = HTTPField.Name("X-Huge")!  // a constant token
}
