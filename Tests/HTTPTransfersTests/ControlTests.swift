import EventLoops
import Glibc
import HTTPSemantics
import HTTPTransfers
import SeedSupport
import SeedTestSupport
import Testing

@Suite("Pausing, resuming, cancelling, time limits, the end")
struct ControlTests {
    enum Action: CaseIterable {
        case resume, resumeSending, cancel, all, resumeThenCancel

        func apply(to transfer: Transfer) {
            switch self {
            case .resume: transfer.resume()
            case .resumeSending: transfer.resumeSending()
            case .cancel: transfer.cancel()
            case .all:
                transfer.resume()
                transfer.resumeSending()
                transfer.resume()
            case .resumeThenCancel:
                transfer.resume()
                transfer.resumeSending()
                transfer.cancel()
                transfer.resume()
                transfer.cancel()
            }
        }

        var ends: Bool { self == .cancel || self == .resumeThenCancel }
    }

    @Test(
        "In every callback a transfer may be paused, resumed and cancelled",
        arguments: Recorder.Event.allCases, Action.allCases)
    func inCallbacks(_ event: Recorder.Event, _ action: Action) throws {
        let isReached = Flag()
        let done = Note<Bool>()
        let recorder = Recorder(
            sending: pattern(200_000), intake: { $0 % 2 == 0 ? .pause : .taken },
            reaction: { happened, transfer in
                if happened == event {
                    isReached.set()
                    action.apply(to: transfer)
                    if action.ends { done.write(true) }
                }
                // A pause is lifted in the callback itself or, had it not been there, by the next event.
                if happened == .body { transfer.resume() }
            })
        try withServer({ _ in }) { client, _ in
            _ = try client.readHeadBytes()
            try client.send("HTTP/1.1 103 Early Hints\r\n\r\n")
            _ = try client.read(exactly: 200_000)
            try client.send("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
            for _ in 0..<20 { try client.send(Array("2710\r\n".utf8) + pattern(10_000) + Array("\r\n".utf8)) }
            try client.send("0\r\nX-Trailer: t\r\n\r\n")
        } run: { server, driver in
            var request = TransferRequest(try TransferURL(server.url), method: .put)
            request.body = .length(200_000)
            recorder.begin(request, on: driver)
            if action.ends, event != .end {
                #expect(done.read(within: 20) == true)
            } else {
                #expect(recorder.outcome() == .complete)
                #expect(recorder.now.body.count == 200_000)
            }
            // Another transfer goes its way, and nothing is left of this one.
            let after = Recorder(sending: pattern(200_000))
            after.begin(request, on: driver)
            #expect(after.outcome() == .complete)
            #expect(driver.counts.running.current == 0 && driver.counts.receiveBuffers.current == 0)
        }
        #expect(isReached.isSet)
        #expect(recorder.now.outcomes.count == (action.ends && event != .end ? 0 : 1))
        #expect(recorder.now.misuses == 0)
    }

    @Test("A paused transfer wakes nothing, in either direction, and goes on when it is resumed")
    func pausedIsQuiet() throws {
        let (paused, starved) = (Recorder(intake: { $0 == 0 ? .pause : .taken }), Recorder(sending: nil))
        try withServer({ _ in }) { client, _ in
            let head = String(decoding: try client.readHeadBytes(), as: UTF8.self)
            if head.hasPrefix("PUT") { _ = try client.read(exactly: 5) }
            try client.send("HTTP/1.1 200 OK\r\nContent-Length: 3000000\r\n\r\n")
            try client.send(pattern(3_000_000))
        } run: { server, driver in
            paused.begin(TransferRequest(try TransferURL(server.url)), on: driver)
            var upload = TransferRequest(try TransferURL(server.url), method: .put)
            upload.body = .length(5)
            starved.begin(upload, on: driver)
            try #require(paused.wait { $0.offers == 1 })
            try #require(starved.wait { $0.wishes == 1 })
            // What was under way when the pause began is done within the first second.
            let (before, after) = (wakeUps(of: driver, in: .milliseconds(300)), wakeUps(of: driver, in: .seconds(2)))
            #expect(try #require(after) - (try #require(before)) == 0)
            paused.onLoop { $0.resume() }
            starved.supply(Array("hello".utf8), isComplete: true)
            #expect(paused.outcome() == .complete && starved.outcome() == .complete)
        }
        #expect(paused.now.body == pattern(3_000_000))
        #expect(starved.now.body == pattern(3_000_000))
    }

    /// How often curl was called up to so long from now.
    private func wakeUps(of driver: TransferDriver, in time: Duration) -> Int? {
        let count = Note<Int>()
        driver.loop.post {
            let timer = Lock<LoopBound<LoopTimer>?>(nil)
            let made = driver.loop.makeTimer {
                count.write(driver.wakeUps)
                timer.withLock { $0 = nil }
            }
            made.schedule(after: time)
            let bound = LoopBound(made, on: driver.loop)
            timer.withLock { $0 = bound }
        }
        return count.read()
    }

    @Test("Receiving and sending are paused apart")
    func apart() throws {
        // The body is offered while the request's is still to come.
        let recorder = Recorder(sending: nil, intake: { $0 < 3 ? .pause : .taken })
        let isSent = Note<Bool>()
        try withServer({ _ in }) { client, _ in
            _ = try client.readHeadBytes()
            try client.send("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nearly")
            _ = try client.read(exactly: 8)
            isSent.write(true)
        } run: { server, driver in
            var request = TransferRequest(try TransferURL(server.url), method: .put)
            request.body = .length(8)
            recorder.begin(request, on: driver)
            try #require(recorder.wait { $0.offers == 1 && $0.wishes > 0 })
            // Sending goes on while receiving stays paused.
            recorder.supply([1, 2, 3, 4])
            #expect(recorder.wait { $0.toSend.isEmpty })
            #expect(recorder.now.offers == 1)
            // And the other way about.
            for offers in 2...4 {
                recorder.onLoop { $0.resume() }
                #expect(recorder.wait { $0.offers == offers })
            }
            #expect(recorder.now.outcomes.isEmpty)
            recorder.supply([5, 6, 7, 8], isComplete: true)
            #expect(recorder.outcome() == .complete)
            #expect(isSent.read() == true)
        }
        #expect(recorder.now.body == Array("early".utf8))
    }

    @Test("What makes no progress ends; pauses and waiting for the request's body don't count")
    func noProgress() throws {
        let stall = Note<Bool>()
        let (silent, inBody) = (Recorder(), Recorder())
        let (paused, starved) = (Recorder(intake: { $0 == 0 ? .pause : .taken }), Recorder(sending: nil))
        try withServer({ _ in }) { client, _ in
            let head = String(decoding: try client.readHeadBytes(), as: UTF8.self)
            if head.contains("/body") { try client.send("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nsome") }
            if head.contains("/silent") || head.contains("/body") { _ = stall.read() }
            if head.contains("/starved") { _ = try client.read(exactly: 1) }
            try client.send("HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nlate")
        } run: { server, driver in
            func request(_ path: String) throws -> TransferRequest {
                var request = TransferRequest(try TransferURL(server.url + path))
                request.noProgressTimeout = .milliseconds(200)
                return request
            }
            var upload = try request("/starved")
            (upload.method, upload.body) = (.put, .length(1))
            starved.begin(upload, on: driver)
            paused.begin(try request("/paused"), on: driver)
            try #require(paused.wait { $0.offers == 1 })
            try #require(starved.wait { $0.wishes == 1 })
            silent.begin(try request("/silent"), on: driver)
            #expect(silent.error()?.kind == .timeout)
            inBody.begin(try request("/body"), on: driver)
            #expect(inBody.error()?.kind == .timeout)
            #expect(inBody.error()?.hasConnected == true)
            #expect(paused.now.outcomes.isEmpty && starved.now.outcomes.isEmpty)
            stall.write(true)
            paused.onLoop { $0.resume() }
            starved.supply([1], isComplete: true)
            #expect(paused.outcome() == .complete && starved.outcome() == .complete)
        }
    }

    @Test("The dial policy is asked for the address that is dialled, and its word stands")
    func dialPolicy() throws {
        struct Policy: DialPolicy {
            let port: UInt16
            func refusal(of address: SocketAddress) -> TransferError? {
                address.port == port ? TransferError(.forbiddenAddress, "\(address) is not for you") : nil
            }
        }
        let (one, other) = (try RawServer { _, _ in }, try FaultyOrigin { $1.respond() })
        let driver = TransferDriver(dialPolicy: Policy(port: one.port))
        defer {
            driver.shutdown()
            one.stop()
            other.stop()
        }
        for host in ["127.0.0.1", "localhost", "0x7f.1"] {
            let recorder = Recorder()
            recorder.begin(TransferRequest(try TransferURL("http://\(host):\(one.port)/")), on: driver)
            #expect(recorder.error()?.kind == .forbiddenAddress)
            #expect(recorder.error()?.hasConnected == false)
        }
        let permitted = Recorder()
        permitted.begin(TransferRequest(try TransferURL(other.url)), on: driver)
        #expect(permitted.outcome() == .complete)
        #expect(one.acceptedConnections == 0)
    }

    @Test("Shutting down ends every transfer once, and what begins later ends at once")
    func shutdown() throws {
        let stall = Note<Bool>()
        try withServer({ _ in }) { client, _ in
            _ = try client.readHeadBytes()
            _ = stall.read()
        } run: { server, driver in
            let recorders = (0..<10).map { _ in Recorder() }
            for recorder in recorders { recorder.begin(TransferRequest(try TransferURL(server.url)), on: driver) }
            #expect(eventually { server.acceptedConnections == 10 })
            driver.shutdown()
            for recorder in recorders { #expect(recorder.now.outcomes == [.cancelled]) }
            driver.shutdown()
            stall.write(true)
            for recorder in recorders { #expect(recorder.now.misuses == 0) }
        }
    }

    @Test("Shutting down in the turn in which bytes arrive ends every transfer, too")
    func shutdownUnderLoad() throws {
        for _ in 0..<20 {
            let recorders = (0..<20).map { _ in Recorder() }
            let (maySend, sent) = (Note<Bool>(), Counter())
            try withServer({ _ in }) { client, _ in
                _ = try client.readHeadBytes()
                try client.send("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nsome")
                _ = maySend.read()
                try client.send("more")
                sent.add()
                // Its orderly end or its reset.
                _ = try? client.read()
            } run: { server, driver in
                for recorder in recorders { recorder.begin(TransferRequest(try TransferURL(server.url)), on: driver) }
                for recorder in recorders { try #require(recorder.wait { $0.offers == 1 }) }
                driver.fromTimer {
                    maySend.write(true)
                    _ = sent.wait(for: 20)
                    driver.shutdown()
                }
                for recorder in recorders { #expect(recorder.outcome() == .cancelled) }
                driver.shutdown()
            }
        }
    }

    @Test("Shutdown waits for the end of the thread, even if a callback has begun it")
    func shutdownTwice() throws {
        for _ in 0..<50 {
            let driver = TransferDriver()
            let isAsked = Note<Bool>()
            driver.loop.post {
                driver.shutdown()
                isAsked.write(true)
            }
            _ = isAsked.read()
            driver.shutdown()
            #expect(!driver.loop.post {})
        }
    }

    @Test("A transfer that ends may end another that has ended in the same turn, and begin a third")
    func chained() throws {
        for _ in 0..<20 {
            let (third, isOver, mayRespond, sent) = (Recorder(), Flag(), Note<Bool>(), Counter())
            let others = Lock<[Recorder]>([])
            try withServer({ _ in }) { client, _ in
                let head = String(decoding: try client.readHeadBytes(), as: UTF8.self)
                if head.contains("/third") {
                    return try client.send("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nthird")
                }
                _ = mayRespond.read()
                try client.send("HTTP/1.1 204 No Content\r\n\r\n")
                sent.add()
            } run: { server, driver in
                let url = try TransferURL(server.url + "/third")
                let react: @Sendable (Recorder.Event, Transfer) -> Void = { event, transfer in
                    guard event == .end, !isOver.isSet else { return }
                    isOver.set()
                    for other in others.withLock({ $0 }) { other.cancelNow(unless: transfer) }
                    third.begin(TransferRequest(url), on: driver)
                }
                let both = [Recorder(reaction: react), Recorder(reaction: react)]
                others.withLock { $0 = both }
                for recorder in both {
                    var request = TransferRequest(try TransferURL(server.url))
                    request.reusesConnection = false
                    recorder.begin(request, on: driver)
                }
                #expect(eventually { server.acceptedConnections == 2 })
                driver.fromTimer {
                    mayRespond.write(true)
                    _ = sent.wait(for: 2)
                }
                #expect(third.outcome() == .complete)
                #expect(third.now.body == Array("third".utf8) && third.now.misuses == 0)
                #expect(both.map { $0.now.outcomes.count }.reduce(0, +) == 1)
                // They hold what holds them.
                others.withLock { $0 = [] }
            }
        }
    }

    @Test("What waits for a name lookup to begin ends after the time limit, and makes room when it is cancelled")
    func lookUpLine() throws {
        var settings = TransferSettings()
        settings.nameLookups = 0
        settings.connectTimeout = .milliseconds(300)
        let driver = TransferDriver(settings)
        defer { driver.shutdown() }
        let url = try TransferURL("http://localhost:1/")
        let (cancelled, last) = ((0..<1_024).map { _ in Recorder() }, Recorder())
        // All in one turn of the loop, so that no time limit passes in between.
        let isPosted = Note<Bool>()
        driver.loop.post { _ = isPosted.read() }
        for recorder in cancelled { recorder.begin(TransferRequest(url), on: driver) }
        for recorder in cancelled { recorder.onLoop { $0.cancel() } }
        last.begin(TransferRequest(url), on: driver)
        isPosted.write(true)
        #expect(last.error()?.kind == .local)
        #expect(last.error()?.message.contains("localhost was not looked up") == true)
        #expect(cancelled.allSatisfy { $0.now.outcomes.isEmpty })
    }

    @Test("Running out of descriptors is no failure of the host")
    func noDescriptors() async {
        await #expect(processExitsWith: .success) {
            let server = try RawServer { _, _ in }
            let driver = TransferDriver()
            let recorder = Recorder()
            let url = try TransferURL(server.url)
            var limit = rlimit(rlim_cur: 0, rlim_max: 1_024)
            #expect(setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) == 0)
            recorder.begin(TransferRequest(url), on: driver)
            #expect(recorder.error()?.kind == .local)
            #expect(recorder.error()?.hasConnected == false)
            // The address sanitizer needs some at the exit.
            limit.rlim_cur = limit.rlim_max
            #expect(setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) == 0)
            exit(recorder.error()?.kind == .local ? EXIT_SUCCESS : EXIT_FAILURE)
        }
    }

    @Test("Shutting down from a callback doesn't wait for itself")
    func shutdownInside() throws {
        let driver = TransferDriver()
        let recorder = Recorder(reaction: { event, _ in if event == .end { driver.shutdown() } })
        recorder.begin(TransferRequest(try TransferURL("http://127.0.0.1:1/")), on: driver)
        #expect(recorder.error()?.kind == .unreachable)
        driver.shutdown()
        let late = Recorder()
        #expect(eventually { !driver.loop.post { _ = driver.begin(TransferRequest(late.anyURL), late) } })
    }

    @Test("Two hundred transfers at a time, paused now and then, each get their own bytes")
    func parallel() throws {
        let object = FaultyObject(length: 1_000_000, seed: 3)
        let origin = try FaultyOrigin(script: FaultyScript(object))
        let driver = TransferDriver()
        defer {
            driver.shutdown()
            origin.stop()
        }
        let recorders = (0..<200).map { _ in
            Recorder(intake: { $0 % 3 == 1 ? .pause : .taken }, reaction: { if $0 == .body { $1.resume() } })
        }
        for (index, recorder) in recorders.enumerated() {
            let first = index * 4_000
            var request = TransferRequest(try TransferURL(origin.url + "/o"))
            request.fields.append(HTTPField(name: .range, value: "bytes=\(first)-\(first + 199_999)"))
            recorder.begin(request, on: driver)
        }
        for (index, recorder) in recorders.enumerated() {
            #expect(recorder.outcome(within: 60) == .complete)
            let first = Int64(index * 4_000)
            #expect(recorder.now.body == object.bytes(first..<min(object.length, first + 200_000)))
            #expect(recorder.now.misuses == 0)
        }
    }
}

extension Recorder {
    /// On the loop.
    fileprivate func cancelNow(unless other: Transfer) {
        withTransfer { if $0 !== other { $0.cancel() } }
    }

    /// For what is never asked.
    var anyURL: TransferURL {
        guard let url = try? TransferURL("http://127.0.0.1:1/") else { preconditionFailure("a constant URL") }
        return url
    }
}
