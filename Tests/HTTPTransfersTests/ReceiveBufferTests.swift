import SeedSupport
import SeedTestSupport
import Testing

@testable import HTTPTransfers

@Suite("Receive buffers")
struct ReceiveBufferTests {
    @Test("Long spans get a long receive buffer, everything else a short one, and the sum is counted")
    func receiveBuffers() throws {
        let lengths: [(Int64?, Int64)] = [(nil, 64), (1 << 20, 512), ((1 << 20) - 1, 64), (1 << 30, 512), (0, 64)]
        let stall = Note<Bool>()
        try withServer({ _ in }) { client, _ in
            _ = try client.readHeadBytes()
            _ = stall.read()
            try client.send("HTTP/1.1 204 No Content\r\n\r\n")
        } run: { server, driver in
            var sum: Int64 = 0
            var recorders: [Recorder] = []
            for (index, (length, kibibytes)) in lengths.enumerated() {
                var request = TransferRequest(try TransferURL(server.url))
                request.expectedLength = length
                let recorder = Recorder()
                recorder.begin(request, on: driver)
                recorders.append(recorder)
                #expect(eventually { driver.counts.running.current == index + 1 })
                sum += kibibytes << 10
                #expect(driver.counts.receiveBuffers.current == sum)
            }
            stall.write(true)
            for recorder in recorders { #expect(recorder.outcome() == .complete) }
            #expect(eventually { driver.counts.receiveBuffers.current == 0 && driver.counts.running.current == 0 })
        }
    }

    /// Room in KiB, and the length of the buffers of a short and a long span, in KiB too.
    private static let lengths: [(room: Int64, short: Int, long: Int)] = [
        (1 << 50, 64, 512), (16 << 10, 64, 512), ((16 << 10) - 1, 64, 64), (2 << 10, 64, 64), ((2 << 10) - 1, 16, 16),
        (512, 16, 16), (511, 4, 4), (0, 4, 4), (-1, 4, 4),
    ]

    @Test("None takes more than a 32nd of the room, nor less than 4 KiB")
    func lengths() throws {
        var request = TransferRequest(try TransferURL("http://127.0.0.1/"))
        for (room, short, long) in Self.lengths {
            request.expectedLength = 1000
            #expect(request.receiveBufferLength(in: room << 10) == short << 10, "\(room) KiB")
            request.expectedLength = 1 << 20
            #expect(request.receiveBufferLength(in: room << 10) == long << 10, "\(room) KiB")
        }
    }

    @Test("Where there is little room they are short, and bring the same bytes")
    func littleRoom() throws {
        let body = pattern(100_000)
        let stall = Note<Bool>()
        try withServer({ $0.receiveBuffers = 2 << 20 }) { client, _ in
            _ = try client.readHeadBytes()
            _ = stall.read()
            try client.send("HTTP/1.1 200 OK\r\nContent-Length: \(body.count)\r\n\r\n")
            try client.send(body)
        } run: { server, driver in
            let recorders = try (0..<3).map { _ in
                let recorder = Recorder()
                recorder.begin(TransferRequest(try TransferURL(server.url)), on: driver)
                return recorder
            }
            #expect(eventually { driver.counts.running.current == 3 })
            #expect(driver.counts.receiveBuffers.current == (64 + 16 + 16) << 10)
            stall.write(true)
            for recorder in recorders { #expect(recorder.outcome() == .complete && recorder.now.body == body) }
        }
    }
}
