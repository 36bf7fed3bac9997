import Foundation
import HitRateWorkload
import SeedTestSupport
import Testing

@Suite("Figures of a run")
struct SummaryTests {
    private static let records = [
        ReadRecord(
            time: 0.1, bytes: 100, outcome: .miss, seedPeer: "a", firstByte: 0.004, lastByte: 0.008),
        ReadRecord(
            time: 0.2, bytes: 100, outcome: .hit, seedPeer: "b", firstByte: 0.001, lastByte: 0.002),
        ReadRecord(
            time: 0.7, bytes: 200, outcome: .hit, seedPeer: "b", firstByte: 0.002, lastByte: 0.004),
        ReadRecord(time: 1.2, bytes: 600, outcome: .failed, seedPeer: nil),
    ]

    private static func access(
        _ uri: String, _ range: String, status: Int = 206, bytes: Int, method: String = "GET"
    ) throws -> Nginx.Access {
        let text = """
            {"method": "\(method)", "uri": "\(uri)", "status": \(status), "range": "\(range)", "bodyBytesSent": \(bytes),
            "connection": 1, "version": "HTTP/1.1"}
            """
        return try JSONDecoder().decode(Nginx.Access.self, from: Data(text.utf8))
    }

    @Test("Rates count answered reads only, bytes by the seed peer that sent them")
    func rates() {
        let summary = Summary(Self.records, origin: OriginTraffic([]), uniqueBytes: 400, retries: 5)
        #expect(summary.reads == 4 && summary.failed == 1 && summary.retries == 5)
        #expect(abs(summary.requestHitRate - 2 / 3.0) < 1e-9)
        #expect(summary.byteHitRate == 0.75)
        #expect(summary.bytesBySeedPeer == ["a": 100, "b": 300])
    }

    @Test("Times are those of answered reads, in milliseconds")
    func times() {
        let summary = Summary(Self.records, origin: OriginTraffic([]), uniqueBytes: 400, retries: 0)
        #expect(summary.firstByte.p50 == 2 && summary.firstByte.p99 == 4)
        #expect(summary.wholeRead.p50 == 4 && summary.wholeRead.p99 == 8)
    }

    @Test("A run without an answer has rates of 0")
    func empty() {
        let summary = Summary([Self.records[3]], origin: OriginTraffic([]), uniqueBytes: 0, retries: 0)
        #expect(summary.requestHitRate == 0 && summary.byteHitRate == 0 && summary.originPerUnique == 0)
        #expect(summary.wholeRead.p99 == 0)
    }

    @Test("What the origin sent again is told apart by object and range")
    func origin() throws {
        let traffic = OriginTraffic([
            try Self.access("/a", "bytes=0-99", bytes: 100),
            try Self.access("/a", "bytes=50-149", bytes: 100),
            try Self.access("/b", "bytes=0-99", bytes: 100),
            try Self.access("/b", "bytes=100-199", bytes: 20),
            try Self.access("/b", "bytes=110-129", bytes: 20),
        ])
        #expect(traffic.requests == 5)
        #expect(traffic.bytes == 340)
        #expect(traffic.distinctBytes == 150 + 130)
        #expect(traffic.repeatedBytes == 60)
        let summary = Summary([], origin: traffic, uniqueBytes: 170, retries: 0)
        #expect(summary.originPerUnique == 2)
    }

    @Test("A whole response begins at byte 0; errors and HEAD bring no bytes of the object")
    func wholeAndErrors() throws {
        let traffic = OriginTraffic([
            try Self.access("/a", "", status: 200, bytes: 40),
            try Self.access("/a", "bytes=10-19", status: 200, bytes: 40),
            try Self.access("/a", "bytes=500-", status: 416, bytes: 30),
            try Self.access("/a", "", status: 200, bytes: 0, method: "HEAD"),
        ])
        #expect(traffic.bytes == 110)
        #expect(traffic.distinctBytes == 40)
    }

    @Test("A timeline has every step, also those in which nothing came")
    func timeline() {
        let steps = Timeline(Self.records, interval: 0.5).steps
        #expect(steps.map(\.time) == [0, 0.5, 1])
        #expect(steps.map(\.bytes) == [200, 200, 0])
        #expect(steps.map(\.byteHitRate) == [0.5, 1, nil])
        #expect(steps.map(\.failed) == [0, 0, 1])
    }

    @Test("A percentile is the value below which that share lies")
    func percentile() {
        #expect([3.0, 1, 2, 4].percentile(0.5) == 3)
        #expect([3.0, 1, 2, 4].percentile(0.99) == 4)
        #expect([Double]().percentile(0.5) == 0)
    }
}
