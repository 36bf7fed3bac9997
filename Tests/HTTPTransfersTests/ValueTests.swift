import CCurl
import EventLoops
import HTTPSemantics
import SeedSupport
import SeedTestSupport
import Testing

@testable import HTTPTransfers

@Suite("Name lookups, as a value")
struct LookupGateTests {
    private let start = MonotonicTime(nanoseconds: 1_000_000_000_000)

    @Test("No more run at once than allowed; the others follow in their order")
    func bounded() {
        var gate = LookupGate<Int>(limit: 2, longestLine: 2)
        #expect(gate.admit("a", 1, now: start) == .lookUp)
        #expect(gate.admit("b", 2, now: start) == .lookUp)
        #expect(gate.admit("c", 3, now: start) == .wait)
        #expect(gate.admit("d", 4, now: start) == .wait)
        #expect(gate.admit("e", 5, now: start) == .refused)
        #expect(gate.next(now: start) == nil)
        gate.finish("a", succeeded: false, now: start)
        #expect(gate.next(now: start) == 3)
        #expect(gate.admit("c", 3, now: start) == .lookUp)
        #expect(gate.next(now: start) == nil)
        gate.finish("b", succeeded: true, now: start)
        #expect(gate.next(now: start) == 4)
        #expect(gate.next(now: start) == nil)
    }

    @Test("A name that was found is not looked up again for a while, and passes those that wait")
    func known() {
        var gate = LookupGate<Int>(limit: 1)
        #expect(gate.admit("a", 1, now: start) == .lookUp)
        #expect(gate.admit("a", 2, now: start) == .wait)
        gate.finish("a", succeeded: true, now: start)
        #expect(gate.admit("b", 3, now: start) == .lookUp)
        #expect(gate.admit("a", 4, now: start + .seconds(49)) == .known)
        #expect(gate.next(now: start + .seconds(49)) == 2)
        #expect(gate.admit("a", 5, now: start + .seconds(50)) == .wait)
        gate.finish("b", succeeded: false, now: start)
        #expect(gate.admit("b", 6, now: start + .seconds(50)) == .lookUp)
    }

    @Test("A withdrawn waiter makes room in the queue, and none waits longer than allowed")
    func line() {
        var gate = LookupGate<Int>(limit: 1, longestLine: 2, patience: .seconds(10))
        #expect(gate.nextMoment == nil)
        #expect(gate.admit("a", 1, now: start) == .lookUp)
        #expect(gate.admit("b", 2, now: start) == .wait)
        #expect(gate.admit("c", 3, now: start + .seconds(1)) == .wait)
        gate.withdraw { $0 == 2 }
        #expect(gate.admit("d", 4, now: start + .seconds(2)) == .wait)
        #expect(gate.nextMoment == start + .seconds(11))
        #expect(gate.overdue(now: start + .seconds(10)) == [])
        #expect(gate.overdue(now: start + .seconds(11)) == [3])
        #expect(gate.nextMoment == start + .seconds(12))
        gate.abandon("a", now: start - .seconds(5))
        #expect(gate.nextMoment == start + .seconds(10))
        #expect(gate.next(now: start + .seconds(10)) == 4)
    }

    @Test("One lookup serves all requests for its name: they take no place and no room in the queue")
    func followers() {
        var gate = LookupGate<Int>(limit: 2, longestLine: 1, patience: .seconds(10))
        #expect(gate.admit("a", 1, now: start) == .lookUp)
        for waiter in 2...2_000 { #expect(gate.admit("a", waiter, now: start) == .wait) }
        #expect(gate.admit("b", 2_001, now: start) == .lookUp)
        #expect(gate.next(now: start) == nil)
        #expect(gate.nextMoment == start + .seconds(10))
        gate.finish("a", succeeded: true, now: start)
        for waiter in 2...1_999 { #expect(gate.next(now: start) == waiter) }
        gate.withdraw { $0 == 2_000 }
        #expect(gate.next(now: start) == nil)
    }

    @Test(
        "After a lookup that failed one of those who waited for it leads, and none waits longer than from its beginning"
    )
    func failingLeader() {
        var gate = LookupGate<Int>(limit: 1, patience: .seconds(10))
        #expect(gate.admit("a", 1, now: start) == .lookUp)
        for waiter in 2...4 { #expect(gate.admit("a", waiter, now: start) == .wait) }
        gate.finish("a", succeeded: false, now: start + .seconds(5))
        #expect(gate.next(now: start + .seconds(5)) == 2)
        #expect(gate.admit("a", 2, since: start, now: start + .seconds(5)) == .lookUp)
        #expect(gate.next(now: start + .seconds(5)) == nil)
        gate.abandon("a", now: start + .seconds(9))
        #expect(gate.next(now: start + .seconds(9)) == nil)
        #expect(gate.overdue(now: start + .seconds(10)) == [3, 4])
    }

    @Test("A lookup that was given up keeps its place until its thread must have ended")
    func abandoned() {
        var gate = LookupGate<Int>(limit: 1)
        #expect(gate.admit("a", 1, now: start) == .lookUp)
        gate.abandon("a", now: start)
        #expect(gate.nextReclaim == nil)
        #expect(gate.admit("b", 2, now: start + .seconds(14)) == .wait)
        #expect(gate.nextReclaim == start + .seconds(15))
        #expect(gate.next(now: start + .seconds(14)) == nil)
        #expect(gate.next(now: start + .seconds(15)) == 2)
        #expect(gate.admit("b", 2, now: start + .seconds(15)) == .lookUp)
    }
}

@Suite("Chunks, as a value")
struct ChunkFramingTests {
    @Test(
        "A chunk is its size, its bytes and a line end, whatever its length",
        arguments: [1, 15, 16, 255, 4_096, 65_528])
    func chunk(_ count: Int) {
        let room = UnsafeMutableRawBufferPointer.allocate(byteCount: 64 << 10, alignment: 1)
        defer { room.deallocate() }
        let bytes = pattern(count)
        #expect(ChunkFraming.content(of: room).count == 65_528)
        ChunkFraming.content(of: room).copyBytes(from: bytes)
        let length = ChunkFraming.close(count, in: room)
        let expected = Array("\(String(count, radix: 16))\r\n".utf8) + bytes + Array("\r\n".utf8)
        #expect(Array(room[..<length]) == expected)
    }

    @Test("A long room holds no more than four digits say, a short one less than it is long")
    func rooms() {
        for (length, content) in [(1 << 20, 65_535), (100, 92)] {
            let room = UnsafeMutableRawBufferPointer.allocate(byteCount: length, alignment: 1)
            defer { room.deallocate() }
            #expect(ChunkFraming.content(of: room).count == content)
            #expect(Array(room[..<ChunkFraming.putEnd(into: room)]) == Array("0\r\n\r\n".utf8))
        }
    }
}

@Suite("Transfers, without a socket")
struct TransferTests {
    /// On the loop of a driver's state that was made for it.
    private func withCore(_ work: @escaping @Sendable (DriverCore) -> Void) {
        let loop = EventLoop(name: "core")
        let state = LoopState(on: loop) { DriverCore(on: loop, TransferSettings(), TransferCounts()) }
        state.post {
            work($0)
            $0.close()
        }
        loop.post { state.drop() }
        loop.stop()
    }

    @Test("A repetition in the middle of a response is a cut response")
    func repeated() throws {
        let url = try TransferURL("http://127.0.0.1:1/")
        withCore { core in
            let transfer = Transfer(TransferRequest(url), Recorder(), core)
            #expect(transfer.maySend(on: .fresh))
            for line in ["HTTP/1.1 200 OK\r\n", "\r\n"] {
                #expect(Array(line.utf8).withUnsafeBytes { transfer.takeLine($0) })
            }
            #expect(!transfer.maySend(on: .fresh))
            guard case .failed(let error) = transfer.outcome(of: CURLE_ABORTED_BY_CALLBACK) else {
                Issue.record("no failure")
                return
            }
            #expect(error.kind == .cut && error.hasConnected)
        }
    }

    private func kind(_ outcome: TransferOutcome) -> TransferError.Kind? {
        if case .failed(let error) = outcome { error.kind } else { nil }
    }

    @Test(
        "A request that may not go out on what curl has chosen goes out once more, whatever it is, and only once more")
    func refused() throws {
        let url = try TransferURL("http://127.0.0.1:1/")
        withCore { core in
            var request = TransferRequest(url, method: .post)
            request.body = .length(4)
            let transfer = Transfer(request, Recorder(), core)
            #expect(transfer.mayReuseConnection)
            #expect(!transfer.maySend(on: .refused))
            #expect(transfer.isToBeRepeated(after: CURLE_ABORTED_BY_CALLBACK))
            transfer.repeatOnFreshConnection()
            #expect(!transfer.mayReuseConnection)
            #expect(!transfer.maySend(on: .refused))
            #expect(!transfer.isToBeRepeated(after: CURLE_ABORTED_BY_CALLBACK))
            #expect(kind(transfer.outcome(of: CURLE_ABORTED_BY_CALLBACK)) == .cut)
        }
    }

    @Test("What broke on a kept connection before a head is repeated if it may be, and never on another kept one")
    func broken() throws {
        let url = try TransferURL("http://127.0.0.1:1/")
        withCore { core in
            func sent(_ method: HTTPMethod, on admission: ConnectionPool.Table.Admission) -> Transfer {
                let transfer = Transfer(TransferRequest(url, method: method), Recorder(), core)
                #expect(transfer.maySend(on: admission))
                return transfer
            }
            let broken = [CURLE_GOT_NOTHING, CURLE_RECV_ERROR, CURLE_SEND_ERROR, CURLE_WEIRD_SERVER_REPLY]
            for code in broken {
                #expect(sent(.get, on: .kept(5)).isToBeRepeated(after: code))
                #expect(!sent(.get, on: .fresh).isToBeRepeated(after: code))
                #expect(!sent(.delete, on: .kept(5)).isToBeRepeated(after: code))
            }
            #expect(!sent(.get, on: .kept(5)).isToBeRepeated(after: CURLE_OPERATION_TIMEDOUT))
            // A failure to send the rest of a body is the other side's.
            #expect(kind(sent(.put, on: .kept(5)).outcome(of: CURLE_SEND_FAIL_REWIND)) == .cut)
            // curl repeats it by itself: on a fresh one, well; on another that was used before, not.
            let get = sent(.get, on: .kept(5))
            #expect(get.maySend(on: .fresh))
            let again = sent(.get, on: .kept(5))
            #expect(!again.maySend(on: .kept(6)) && again.isToBeRepeated(after: CURLE_ABORTED_BY_CALLBACK))
            let delete = sent(.delete, on: .kept(5))
            #expect(!delete.maySend(on: .fresh) && !delete.isToBeRepeated(after: CURLE_ABORTED_BY_CALLBACK))
        }
    }

    @Test("A kept connection says nothing of its name, and the connect timeout nothing of the lookup's thread")
    func lookUps() throws {
        let url = try TransferURL("http://name.invalid/")
        withCore { core in
            func began() -> Transfer {
                let transfer = Transfer(TransferRequest(url), Recorder(), core)
                #expect(core.lookUps.admit("name.invalid", transfer, now: core.loop.now) == .lookUp)
                transfer.lookUpBegan("name.invalid")
                return transfer
            }
            core.lookUps = LookupGate(limit: 2)
            let other = Transfer(TransferRequest(url), Recorder(), core)
            _ = began().maySend(from: 1) { nil }
            core.ended(began(), CURLE_COULDNT_RESOLVE_HOST)
            for _ in 0..<2 { core.ended(began(), CURLE_OPERATION_TIMEDOUT) }
            #expect(core.lookUps.admit("name.invalid", other, now: core.loop.now) == .wait)
            core.lookUps.withdraw { $0 === other }
        }
    }
}

@Suite("Heads, line by line")
struct HeadCollectorTests {
    /// The last step of these lines.
    private func step(_ lines: String..., limit: Int = 1_000, acceptsHTTP2: Bool = false) -> HeadCollector.Step {
        var collector = HeadCollector(limit: limit, acceptsHTTP2: acceptsHTTP2)
        var step = HeadCollector.Step.more
        for line in lines where step == .more { step = take(line + "\r\n", by: &collector) }
        return step
    }

    private func take(_ line: String, by collector: inout HeadCollector) -> HeadCollector.Step {
        Array(line.utf8).withUnsafeBytes { collector.take($0) }
    }

    private func isRefused(_ step: HeadCollector.Step) -> Bool {
        if case .refused(let error) = step { error.kind == .badResponse } else { false }
    }

    @Test("A head is what stands between its status line and the empty line")
    func head() {
        let fields: HTTPFields = [.contentLength: "5", .eTag: "\"a\""]
        #expect(
            step("HTTP/1.1 200 OK", "Content-Length: 5", "ETag: \"a\"", "")
                == .complete(TransferHead(status: 200, fields: fields)))
        #expect(step("HTTP/2 204", "", acceptsHTTP2: true) == .complete(TransferHead(status: 204, httpVersion: "2")))
        #expect(step("HTTP/1.0 103 Hints", "") == .interim(TransferHead(status: 103, httpVersion: "1.0")))
        #expect(step("HTTP/1.1 200 OK", "no name: x", ":", "") == .complete(TransferHead(status: 200)))
    }

    @Test("Lines behind the head that come together are fields apart")
    func linesTogether() {
        var collector = HeadCollector(limit: 1_000)
        for line in ["HTTP/1.1 200 OK\r\n", "\r\n", "X-A: 1\r\nX-B: 2\r\nno field\r\n"] {
            _ = take(line, by: &collector)
        }
        #expect(collector.trailers.map(\.description) == ["X-A: 1", "X-B: 2"])
        #expect(isRefused(take("X-C: 3\r\n folded\r\n", by: &collector)))
    }

    @Test("What can't be a head is refused")
    func refused() {
        #expect(isRefused(step("HTTP/1.1 20 OK")))
        #expect(isRefused(step("HTTP/1.1")))
        #expect(isRefused(step("HTTP/1.1 +20 OK")))
        #expect(isRefused(step("HTTP/2 200")))
        #expect(isRefused(step("HTTP/3 200", acceptsHTTP2: true)))
        #expect(isRefused(step("HTTP/1.1 200 OK", "Link: a", " b")))
        #expect(isRefused(step("HTTP/1.1 200 OK", "Transfer-Encoding:", "\tchunked")))
        #expect(isRefused(step("HTTP/1.1 200 OK", " ")))
        #expect(isRefused(step("HTTP/1.1 101 Switching Protocols", "")))
        #expect(isRefused(step("HTTP/1.1 200 OK", "Content-Length: 1", "Content-Length: 2", "")))
        #expect(isRefused(step("HTTP/1.1 200 OK", "Content-Length: +1", "")))
        #expect(isRefused(step("HTTP/1.1 200 OK", "Transfer-Encoding: chunked", "Transfer-Encoding: chunked", "")))
        #expect(isRefused(step("HTTP/1.1 200 OK", String(repeating: "x", count: 100), limit: 100)))
    }

    @Test("Lengths that agree are one, and beside chunks they don't count")
    func lengths() {
        guard case .complete(let head) = step("HTTP/1.1 200 OK", "Content-Length: 1", "Content-Length: 1", "") else {
            Issue.record("not complete")
            return
        }
        #expect(head.contentLength == 1 && !head.isChunked)
        guard case .complete(let head) = step("HTTP/1.1 200 OK", "Transfer-Encoding: Chunked", "Content-Length: x", "")
        else {
            Issue.record("not complete")
            return
        }
        #expect(head.contentLength == nil && head.isChunked)
    }

    @Test("Interim heads, the final one and the trailers are limited together")
    func limit() {
        var collector = HeadCollector(limit: 100)
        for line in ["HTTP/1.1 103 Hints\r\n", "Link: a\r\n"] { #expect(take(line, by: &collector) == .more) }
        guard case .interim = take("\r\n", by: &collector) else {
            Issue.record("no interim head")
            return
        }
        #expect(take("HTTP/1.1 200 OK\r\n", by: &collector) == .more)
        #expect(take("\r\n", by: &collector) == .complete(TransferHead(status: 200)))
        #expect(take("X-Trailer: 1\r\n", by: &collector) == .more)
        #expect(take("\r\n", by: &collector) == .more)
        #expect(collector.trailers.map(\.description) == ["X-Trailer: 1"])
        #expect(isRefused(take("X-Trailer: \(String(repeating: "x", count: 50))\r\n", by: &collector)))
    }
}

@Suite("URLs")
struct TransferURLTests {
    @Test("What is dialled is what curl's parser finds, what is asked for is what is written")
    func parts() throws {
        for (text, origin, target, absolute) in [
            ("http://H", "http://h:80", "/", "http://H/"),
            ("https://h:8443/x?", "https://h:8443", "/x?", "https://h:8443/x?"),
            ("HTTP://h:80/x", "http://h:80", "/x", "http://h:80/x"),
            ("http://[::1]:8080?q#f", "http://[::1]:8080", "/?q", "http://[::1]:8080/?q"),
            ("http://0x7f.1/", "http://127.0.0.1:80", "/", "http://0x7f.1/"),
            ("http:/h/x", "http://h:80", "/x", "http://h/x"),
            ("http://h/a:b@c//d", "http://h:80", "/a:b@c//d", "http://h/a:b@c//d"),
        ] {
            let url = try TransferURL(text)
            #expect(url.origin == origin, "\(text)")
            #expect(url.target == target, "\(text)")
            #expect(url.absoluteTarget == absolute, "\(text)")
        }
    }

    @Test("Names need a lookup, addresses in every spelling do not")
    func addresses() throws {
        for text in ["http://127.0.0.1/", "http://[::1]/", "http://0x7f.1/", "http://2130706433/"] {
            #expect(IPAddress(try TransferURL(text).host) != nil, "\(text)")
        }
        #expect(IPAddress(try TransferURL("http://localhost/").host) == nil)
        #expect(TransferURL.host(of: "http://user:secret@Proxy.example:3128") == "proxy.example")
    }
}

@Suite("The queue of starts, as a value")
struct StartQueueTests {
    private enum Urgency: Int, CaseIterable {
        case now, soon, later
    }

    @Test("A host gets so many at a time, and the most urgent goes first")
    func order() {
        var queue = StartQueue<Int, Urgency>(limitPerHost: 1, limitInAll: 2)
        #expect(queue.submit(1, host: "a", priority: .later) == true)
        #expect(queue.submit(2, host: "a", priority: .later) == false)
        #expect(queue.submit(3, host: "a", priority: .soon) == false)
        #expect(queue.submit(4, host: "a", priority: .later) == false)
        #expect(queue.submit(5, host: "b", priority: .later) == true)
        #expect(queue.submit(6, host: "c", priority: .now) == false)
        queue.raise(4, to: .now)
        #expect(queue.withdraw(6) == true)
        #expect(queue.withdraw(6) == false)
        #expect(queue.finish(host: "b") == nil)
        #expect(queue.finish(host: "a") == 4)
        #expect(queue.finish(host: "a") == 3)
        #expect(queue.finish(host: "a") == 2)
        #expect(queue.finish(host: "a") == nil)
    }
}
