import Foundation
import SeedTestSupport
import Testing

@testable import SeedProxy

/// The same valid requests to nginx and to us, with nginx as our origin: every difference must be one that is explained.
@Suite("Compared with nginx")
struct DifferentialTests {
    /// Where we answer otherwise than nginx, and why that is right.
    private enum Difference: String, CaseIterable {
        case headRange = "nginx applies Range to HEAD; RFC 9110 §14.2 defines it for GET only"
        case rangeOrder = "nginx neither merges nor reorders ranges; ours are merged (RFC 9110 §15.3.7.2)"
        case tooManyRanges = "nginx sends the whole object when the ranges together are as long as it"
        case suffixZero = "both are allowed to refuse `-0`; nginx answers with the whole"
        case weakMatch = "nginx compares If-Match weakly; RFC 9110 §13.1.1 says strongly"
        case laterDate = "nginx takes If-Modified-Since as equal only; RFC 9110 §13.1.3 says not later"
        case badRange = "nginx answers 416 to a malformed range; RFC 9110 §14.2 lets it be ignored"
        case emptyElements = "nginx refuses empty list elements; RFC 9110 §5.6.1 lets them be skipped"
    }

    private struct Asked {
        var method: String
        var range: String?
        var fields: [String]

        var text: String {
            (fields + [range.map { "Range: \($0)" }].compactMap(\.self)).map { $0 + "\r\n" }.joined()
        }
    }

    private static let size = 300_000
    private static let date = "Sun, 06 Nov 1994 08:49:37 GMT"

    private func asked(_ random: inout Seeded, etag: String) -> Asked {
        let ranges: [String?] = [
            nil, "bytes=0-0", "bytes=5-", "bytes=-7", "bytes=299999-", "bytes=300000-", "bytes=0-999999",
            "bytes=-999999",
            "bytes=0-9,100-109", "bytes=100-109,0-9", "bytes=0-9,5-19", "bytes=0-,0-", "bytes=400000-,1-2", "bytes=3-2",
            "lines=0-1", "bytes=-0", "bytes=1-2, 500-600 ,900-", "bytes=,1-2",
        ]
        let conditions: [[String]] = [
            [], [], ["If-None-Match: \(etag)"], ["If-None-Match: \"x\""], ["If-Match: \(etag)"], ["If-Match: \"x\""],
            ["If-None-Match: W/\(etag)"], ["If-Match: W/\(etag)"], ["If-Modified-Since: \(Self.date)"],
            ["If-Modified-Since: Mon, 07 Nov 1994 08:49:37 GMT"], ["If-Modified-Since: Sat, 05 Nov 1994 08:49:37 GMT"],
            ["If-Unmodified-Since: \(Self.date)"], ["If-Unmodified-Since: Sat, 05 Nov 1994 08:49:37 GMT"],
            ["If-Range: \(etag)"], ["If-Range: \"x\""], ["If-Range: \(Self.date)"], ["If-None-Match: *"],
            ["If-Match: *"],
            ["If-None-Match: \"x\", \(etag)"], ["If-Modified-Since: nonsense"],
        ]
        return Asked(
            method: random.pick(["GET", "GET", "GET", "HEAD"]), range: random.pick(ranges),
            fields: random.pick(conditions))
    }

    /// Which of the known differences a request may meet.
    private func expected(_ asked: Asked) -> [Difference] {
        var known: [Difference] = []
        if asked.method == "HEAD", asked.range != nil { known.append(.headRange) }
        if asked.range?.contains(",") == true { known += [.rangeOrder, .tooManyRanges] }
        if asked.range == "bytes=-0" { known.append(.suffixZero) }
        if asked.range == "bytes=3-2" { known.append(.badRange) }
        if asked.range == "bytes=,1-2" { known.append(.emptyElements) }
        if asked.fields.contains(where: { $0.hasPrefix("If-Match: W/") }) { known.append(.weakMatch) }
        if asked.fields.contains(where: { $0.hasPrefix("If-Modified-Since: Mon") }) { known.append(.laterDate) }
        return known
    }

    private func isSame(_ ours: RawResponse, _ theirs: RawResponse) -> Bool {
        guard ours.status == theirs.status else { return false }
        // Error pages are everybody's own.
        guard ours.status < 400 else { return ours["Content-Range"] == theirs["Content-Range"] }
        let isMultipart = theirs["Content-Type"]?.hasPrefix("multipart/") == true
        let names =
            ["ETag", "Last-Modified", "Content-Range"] + (isMultipart || ours.status == 304 ? [] : ["Content-Length"])
        guard names.allSatisfy({ ours[$0] == theirs[$0] }) else { return false }
        return isMultipart
            ? (try? Multiparts(ours))?.bodies == (try? Multiparts(theirs))?.bodies : ours.body == theirs.body
    }

    @Test("Every difference from nginx is a known one")
    func compare() async throws {
        try await withNginxHarness { harness in
            try harness.write(TestObject.noise(Self.size), to: "object")
            let url = "\(harness.nginx.url)/object"
            let ours = try harness.client()
            var theirs = try RawClient(port: Int(harness.nginx.port))
            func ask(_ client: RawClient, _ target: String, _ asked: Asked) throws -> RawResponse {
                try client.send("\(asked.method) \(target) HTTP/1.1\r\nHost: x\r\n\(asked.text)\r\n")
                return try client.readResponse(hasBody: asked.method == "GET")
            }
            let warm = try ask(ours, url, Asked(method: "GET", fields: []))
            let etag = try #require(warm["ETag"])
            var random = Seeded(6)
            var met: [Difference: Int] = [:]
            for _ in 0..<(Seeded.isSoak ? 20_000 : 1_000) {
                let asked = asked(&random, etag: etag)
                let own = try #require(try? ask(ours, url, asked), "we ended the connection: \(asked)")
                let other: RawResponse
                // nginx ends some connections after an error; that is its own business.
                if let response = try? ask(theirs, "/object", asked) {
                    other = response
                } else {
                    theirs = try RawClient(port: Int(harness.nginx.port))
                    other = try ask(theirs, "/object", asked)
                }
                let responses = (own, other)
                if isSame(responses.0, responses.1) { continue }
                let known = expected(asked)
                #expect(!known.isEmpty, "\(asked): ours \(responses.0.status), nginx \(responses.1.status)")
                for difference in known { met[difference, default: 0] += 1 }
            }
            for (difference, count) in met { print("differs \(count) times: \(difference.rawValue)") }
        }
    }
}
