import EventLoops
import HTTPSemantics
import SeedSupport
import SeedTestSupport
import Testing

@testable import HTTPTransfers

@Suite("Hostile heads")
struct HeadLimitTests {
    /// What comes of each response, one exchange after another on one driver; the server keeps its connections.
    private func outcomes(of responses: [String]) throws -> [Recorder.Record] {
        var records: [Recorder.Record] = []
        try withServer({ _ in }) { client, _ in
            // A request whose connection was kept comes again after a bad response.
            while let head = try? client.readHeadBytes() {
                let target = String(decoding: head, as: UTF8.self).split(separator: " ")[1]
                try client.send(responses[Int(target.dropFirst())!])  // as asked below
            }
        } run: { server, driver in
            for number in responses.indices {
                let recorder = Recorder()
                recorder.begin(TransferRequest(try TransferURL("\(server.url)/\(number)")), on: driver)
                _ = recorder.outcome()
                records.append(recorder.now)
            }
        }
        return records
    }

    private func isRefused(_ record: Recorder.Record) -> Bool {
        guard case .failed(let error) = record.outcomes.first else { return false }
        return error.kind == .badResponse && record.heads.isEmpty && record.body.isEmpty
    }

    private func isWhole(_ record: Recorder.Record) -> Bool { record.outcomes == [.complete] }

    @Test("Each exchange has an easy handle of its own, also on a connection that is kept")
    func freshHandles() throws {
        let handles = Handles()
        let connections = Lock(0)
        try withServer({ _ in }) { client, _ in
            connections.withLock { $0 += 1 }
            while (try? client.readHeadBytes()) != nil {
                try client.send("HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\nx")
            }
        } run: { server, driver in
            for _ in 0..<8 {
                let recorder = Recorder(reaction: { event, transfer in
                    if event == .body { handles.add(transfer.easy) }
                })
                recorder.begin(TransferRequest(try TransferURL(server.url)), on: driver)
                #expect(recorder.outcome() == .complete)
            }
            let isOver = Counter()
            driver.loop.post {
                handles.drop()
                isOver.add()
            }
            #expect(isOver.wait(for: 1))
        }
        #expect(connections.withLock { $0 } == 1)
        #expect(handles.count == 8)
    }

    @Test("A folded first line after a head with a folded line is refused, and so is the fold; the driver goes on")
    func foldedAfterFolded() throws {
        for size in [1, 30, 200, 1_000, 4_000] {
            let fold =
                "HTTP/1.1 302 F\r\nX-A: a\r\n X-\(String(repeating: "g", count: size)): y\r\nContent-Length: 0\r\n\r\n"
            let first = "HTTP/1.1 200 OK\r\n X-\(String(repeating: "f", count: size)): y\r\nContent-Length: 1\r\n\r\nx"
            let good = "HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\nx"
            let records = try outcomes(of: [fold, first, good, first, fold, good])
            #expect(records.map(isRefused) == [true, true, false, true, true, false])
            #expect(records.map(isWhole) == [false, false, true, false, false, true])
        }
    }

    @Test(
        "Folded lines are refused wherever they stand",
        arguments: [
            "HTTP/1.1 200 OK\r\nX: y\r\n z\r\nContent-Length: 1\r\n\r\nx",
            "HTTP/1.1 200 OK\r\n\tX: y\r\nContent-Length: 1\r\n\r\nx",
            "HTTP/1.1 200 OK\r\nX: y\r\n \r\nContent-Length: 1\r\n\r\nx",
            "HTTP/1.1 103 Early Hints\r\nX: y\r\n z\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\nx",
            "HTTP/1.1 103 Early Hints\r\n X: y\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\nx",
        ])
    func folded(_ response: String) throws {
        let record = try outcomes(of: [response])[0]
        #expect(isRefused(record), "\(record.outcomes)")
    }

    @Test("128 lines make a head, one more is refused before anything of it is handed on")
    func fieldCount() throws {
        func head(_ count: Int, _ line: String) -> String {
            "HTTP/1.1 200 OK\r\nContent-Length: 1\r\n" + String(repeating: line, count: count - 1) + "\r\nx"
        }
        let records = try outcomes(of: [
            head(128, "X: y\r\n"), head(129, "X: y\r\n"), head(129, "no field\r\n"), head(10_000, "X:\r\n"),
        ])
        #expect(records.map(isWhole) == [true, false, false, false])
        #expect(records.map(isRefused) == [false, true, true, true])
        #expect(records[0].heads.first?.fields.count == 128)
    }

    @Test("Trailers count with the head, interim heads for themselves")
    func trailerCount() throws {
        func chunked(_ trailers: Int) -> String {
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nx\r\n0\r\n"
                + String(repeating: "X: y\r\n", count: trailers) + "\r\n"
        }
        let interim = "HTTP/1.1 103 Early Hints\r\n" + String(repeating: "Link: <x>\r\n", count: 128) + "\r\n"
        let good = "HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\nx"
        let records = try outcomes(of: [chunked(127), chunked(128), interim + interim + good])
        #expect(records.map(isWhole) == [true, false, true])
    }

    @Test("64 KiB of lines are taken, a byte more is refused")
    func size() throws {
        func head(_ size: Int) -> String {
            let start = "HTTP/1.1 200 OK\r\nContent-Length: 1\r\n"
            let line = "X: \(String(repeating: "y", count: 1_000))\r\n"
            let lines = String(repeating: line, count: (size - start.utf8.count - 2_000) / line.utf8.count)
            let rest = size - start.utf8.count - lines.utf8.count - "Y: \r\n\r\n".utf8.count
            return start + lines + "Y: \(String(repeating: "z", count: rest))\r\n\r\nx"
        }
        let records = try outcomes(of: [head(64 << 10), head(64 << 10 + 1)])
        #expect(records.map(isWhole) == [true, false])
        #expect(isRefused(records[1]))
    }

    @Test("A status line among the fields is refused: curl goes by what stood before it")
    func secondStatusLine() throws {
        let response = "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nHTTP/1.1 200 OK\r\nX: y\r\n\r\nx"
        #expect(isRefused(try outcomes(of: [response])[0]))
    }

    @Test(
        "A first line that curl takes for a status line and we don't is refused: no body comes without a head",
        arguments: ["hTTP/1.1 200 OK", "http/1.1 200", "HTTP/x", "HTTP 200 OK", ""])
    func odd(_ line: String) throws {
        let record = try outcomes(of: ["\(line)\r\nContent-Length: 1\r\n\r\nx"])[0]
        #expect(isRefused(record), "\(record.outcomes)")
        #expect(record.misused == [])
    }

    @Test("A URL of 16 KiB and a Location of 8 KiB are taken, longer ones are not")
    func lengths() throws {
        func url(_ count: Int) -> String { "http://h/" + String(repeating: "a", count: count - 9) }
        let longest = try TransferURL(url(16 << 10))
        #expect(throws: TransferError.self) { try TransferURL(url(16 << 10 + 1)) }
        #expect(try longest.resolving(url(8 << 10)).target.utf8.count == 8 << 10 - "http://h".utf8.count)
        #expect(throws: TransferError.self) { try longest.resolving(url(8 << 10 + 1)) }
        // Resolved against a long URL a short one may be too long.
        let deep = try TransferURL("http://h/" + String(repeating: "a", count: 12 << 10) + "/x")
        #expect(throws: TransferError.self) { try deep.resolving(String(repeating: "b", count: 6 << 10)) }
    }
}

/// Easy handles, kept so that no two have the same place in memory. Touched on the driver's loop, but for `count`.
private final class Handles: @unchecked Sendable {  // The loop's thread, and afterwards the test's.
    private var kept: [EasyHandle] = []
    private(set) var count = 0

    func add(_ handle: EasyHandle?) {
        if let handle { kept.append(handle) }
        count = Set(kept.map(\.pointer)).count
    }

    func drop() { kept = [] }
}
