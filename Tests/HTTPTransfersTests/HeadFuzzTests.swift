import EventLoops
import HTTPSemantics
import HTTPTransfers
import SeedSupport
import SeedTestSupport
import Testing

/// rule:exchange-isolation. 1,200 responses, 200,000 with SEED_SOAK.
@Suite("Random heads")
struct HeadFuzzTests {
    private static let parts = 4
    private static let responses = Seeded.isSoak ? 50_000 : 300
    private static let atOnce = 8

    @Test(
        "Whatever responses come, over connections that are used again: each exchange ends, and the next is well",
        arguments: 0..<parts)
    func exchanges(_ part: Int) throws {
        let random = Lock(Seeded(Seeded.seed(44, part)))
        let good = "HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\ngood"
        try withServer({ $0.connectTimeout = .seconds(5) }) { client, _ in
            try client.serveHeads { target in
                if target == "/good" { return (Array(good.utf8), true) }
                let response = random.withLock { random in
                    HostileResponse(&random) { "/\($0.below(100))" }
                }
                return (response.bytes, response.keepsConnection)
            }
        } run: { server, driver in
            var left = Self.responses
            while left > 0 {
                let count = min(left, Self.atOnce)
                let recorders = try (0..<count).map { number in
                    let recorder = Recorder(
                        intake: { number % 4 == 0 && $0 % 2 == 0 ? .pause : .taken },
                        reaction: { event, transfer in if event == .body { transfer.resume() } })
                    var request = TransferRequest(
                        try TransferURL("\(server.url)/\(number)"), method: number % 7 == 0 ? .head : .get)
                    request.noProgressTimeout = .milliseconds(100)
                    recorder.begin(request, on: driver)
                    return recorder
                }
                for recorder in recorders {
                    try #require(recorder.outcome() != nil)
                    #expect(recorder.now.misused == [])
                    if let head = recorder.head { #expect(head.fields.count <= MessageLimits.receivedFields) }
                }
                left -= count
                if left % 80 == 0 {
                    let recorder = Recorder()
                    recorder.begin(TransferRequest(try TransferURL("\(server.url)/good")), on: driver)
                    #expect(recorder.outcome() == .complete && recorder.now.body == Array("good".utf8))
                }
            }
        }
    }
}
