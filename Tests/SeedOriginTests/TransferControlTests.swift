import HTTPSemantics
import HTTPTransfers
import SeedOrigin
import SeedSupport
import SeedTestSupport
import Testing

@Suite("Pausing, cancelling and shutting down")
struct TransferControlTests {
    @Test(
        "Pauses lose no byte and repeat none", arguments: [true, false])
    func pauses(_ isChunked: Bool) throws {
        let object = pattern(4_000_000)
        // Every third offer is refused, and each time refused twice in a row.
        let recorder = Recorder(refuses: { $0 % 3 != 2 })
        try withOrigins({ _ in }) { request, connection in
            guard isChunked else {
                connection.serve(object, to: request)
                return
            }
            connection.head("200 OK", "Transfer-Encoding: chunked")
            for start in stride(from: 0, to: object.count, by: 50_000) {
                connection.write("c350\r\n")
                connection.write(Array(object[start..<start + 50_000]))
                connection.write("\r\n")
            }
            connection.write("0\r\n\r\n")
        } run: { faulty, curl in
            let transfer = curl.start(OriginRequest(url: faulty.url), into: recorder)
            var seen = 0
            while recorder.now.outcomes.isEmpty {
                try #require(recorder.wait { !$0.outcomes.isEmpty || $0.offers > seen })
                seen = recorder.now.offers
                transfer.resume()
            }
        }
        #expect(recorder.now.outcomes == [.complete(hasCleanEnd: true)])
        #expect(recorder.now.body == object)
        #expect(recorder.now.misuses == 0)
    }

    @Test("A limit holds across a pause, to the byte")
    func limitAfterPause() throws {
        let object = pattern(200_000)
        let recorder = Recorder(.accept(limit: 12_345), refuses: { $0 == 0 })
        try withOrigins({ _ in }, { $1.serve(object, to: $0) }) { faulty, curl in
            let transfer = curl.start(OriginRequest(url: faulty.url), into: recorder)
            try #require(recorder.wait { $0.offers == 1 })
            transfer.resume()
            #expect(recorder.outcome() == .complete(hasCleanEnd: true))
        }
        #expect(recorder.now.body == Array(object[..<12_345]))
    }

    @Test("Time spent paused is not time without progress")
    func pauseStopsTheClock() throws {
        let object = pattern(100_000)
        let paused = Recorder(refuses: { $0 == 0 })
        try withOrigins({ $0.transfers.noProgressTimeout = .milliseconds(200) }) { request, connection in
            if request.target == "/stall" { connection.stall() }
            connection.serve(object, to: request)
        } run: { faulty, curl in
            let transfer = curl.start(OriginRequest(url: faulty.url), into: paused)
            try #require(paused.wait { $0.offers == 1 })
            // Two stalls in a row take longer than the limit, on the same clock.
            for _ in 0..<2 {
                let recorder = Recorder()
                _ = curl.start(OriginRequest(url: faulty.url + "/stall"), into: recorder)
                #expect(recorder.error()?.kind == .timeout)
            }
            #expect(paused.now.outcomes.isEmpty)
            transfer.resume()
            #expect(paused.outcome() == .complete(hasCleanEnd: true))
        }
        #expect(paused.now.body == object)
    }

    @Test("Cancelling from another thread ends the transfer once, in every state of it")
    func cancel() throws {
        try withOrigins({ $0.transfersPerHost = 2 }) { request, connection in
            if request.target == "/body" {
                connection.head("200 OK", "Content-Length: 100")
                connection.write("x")
            }
            connection.stall()
        } run: { faulty, curl in
            let (inBody, silent, waiting) = (Recorder(refuses: { _ in true }), Recorder(), Recorder())
            let transfers = [
                curl.start(OriginRequest(url: faulty.url + "/body"), into: inBody),
                curl.start(OriginRequest(url: faulty.url + "/silent"), into: silent),
                curl.start(OriginRequest(url: faulty.url + "/waiting"), into: waiting),
            ]
            try #require(inBody.wait { $0.offers == 1 })
            try #require(faulty.waitForRequests(2))
            for transfer in transfers.reversed() {
                transfer.cancel()
                transfer.cancel()
                transfer.resume()
            }
            for recorder in [inBody, silent, waiting] { #expect(recorder.outcome() == .cancelled) }
            // A later transfer finds the slots free, and nothing was told twice.
            let after = Recorder(.reject)
            _ = curl.start(OriginRequest(url: faulty.url + "/body"), into: after)
            #expect(after.outcome() == .rejected)
            for recorder in [inBody, silent, waiting] { #expect(recorder.now.outcomes.count == 1) }
            #expect(faulty.requests.map(\.target).filter { $0 == "/waiting" }.isEmpty)
        }
    }

    @Test("A sink may cancel its own transfer from inside a call")
    func cancelInside() throws {
        final class Quitter: OriginSink {
            let transfer = Lock<(any OriginTransfer)?>(nil)
            let ready = Signal()
            let ends = Lock<[OriginOutcome]>([])
            func head(_ head: OriginHead) -> ResponseDisposition {
                ready.wait(within: 10) { self.transfer.withLock { $0 } }?.cancel()
                return .accept(limit: nil)
            }
            func receive(_ bytes: UnsafeRawBufferPointer) -> OriginIntake { .taken }
            func end(_ outcome: OriginOutcome) {
                ends.withLock { $0.append(outcome) }
                ready.notify()
            }
        }
        let quitter = Quitter()
        try withOrigins({ _ in }) { request, connection in
            connection.head("200 OK", "Content-Length: 10")
            connection.stall()
        } run: { faulty, curl in
            let transfer = curl.start(OriginRequest(url: faulty.url), into: quitter)
            quitter.transfer.withLock { $0 = transfer }
            quitter.ready.notify()
            let outcome = quitter.ready.wait(within: 20) { quitter.ends.withLock { $0.first } }
            #expect(outcome == .cancelled)
        }
    }

    @Test("Two hundred transfers at a time each get their own bytes")
    func parallel() throws {
        let object = pattern(1_000_000)
        try withOrigins({ $0.transfersPerHost = 100 }, { $1.serve(object, to: $0) }) { faulty, curl in
            let recorders = (0..<200).map { _ in Recorder(refuses: { $0 == 1 }) }
            let transfers = recorders.enumerated().map { index, recorder in
                let first = Int64(index * 4000)
                return curl.start(
                    OriginRequest(url: faulty.url, range: .bounded(first: first, last: first + 199_999)), into: recorder
                )
            }
            for (index, recorder) in recorders.enumerated() {
                _ = recorder.wait { $0.offers > 1 || !$0.outcomes.isEmpty }
                transfers[index].resume()
                try #require(recorder.outcome() == .complete(hasCleanEnd: true))
                let first = index * 4000
                #expect(recorder.now.body == Array(object[first..<min(object.count, first + 200_000)]))
                #expect(recorder.now.misuses == 0)
            }
            #expect(faulty.acceptedConnections <= 100)
        }
    }

    @Test("Shutdown ends every open transfer exactly once, before it returns")
    func shutdown() throws {
        try withOrigins({ $0.transfersPerHost = 5 }, { $1.stall() }) { faulty, curl in
            let recorders = (0..<20).map { _ in Recorder() }
            for recorder in recorders { _ = curl.start(OriginRequest(url: faulty.url), into: recorder) }
            try #require(faulty.waitForRequests(5))
            curl.shutdown()
            for recorder in recorders { #expect(recorder.now.outcomes == [.cancelled]) }
            curl.shutdown()
            let late = Recorder()
            let transfer = curl.start(OriginRequest(url: faulty.url), into: late)
            transfer.cancel()
            #expect(late.outcome() == .cancelled)
            for recorder in recorders { #expect(recorder.now.outcomes.count == 1) }
        }
    }

    @Test("W36: no more transfers run in all than allowed")
    func limitInAll() throws {
        let other = try FaultyOrigin { $1.respond() }
        defer { other.stop() }
        try withOrigins({ $0.transfersInAll = 1 }) { _, connection in
            connection.stall()
            connection.respond()
        } run: { faulty, curl in
            let (first, second, marker) = (Recorder(), Recorder(), Recorder())
            _ = curl.start(OriginRequest(url: faulty.url), into: first)
            _ = curl.start(OriginRequest(url: other.url), into: second)
            _ = curl.start(OriginRequest(url: "none"), into: marker)
            try #require(faulty.waitForRequests(1))
            #expect(marker.error()?.kind == .badURL)
            #expect(other.requests.isEmpty)
            faulty.release()
            #expect(first.outcome() == .complete(hasCleanEnd: true))
            #expect(second.outcome() == .complete(hasCleanEnd: true))
        }
    }
}
