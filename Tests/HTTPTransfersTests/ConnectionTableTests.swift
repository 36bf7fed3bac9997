import HTTPSemantics
import SeedSupport
import Testing

@testable import HTTPTransfers

@Suite("The table of connections, as a value")
struct ConnectionTableTests {
    private typealias Table = ConnectionTable<Int>
    private let start = MonotonicTime(nanoseconds: 1_000_000_000_000)
    private let plain = ConnectionTable<Int>.Requirements()

    private func table(_ adjust: (inout PoolLimits) -> Void = { _ in }) -> Table {
        var limits = PoolLimits()
        adjust(&limits)
        return Table(limits)
    }

    private func address(_ text: String = "192.0.2.1", port: UInt16 = 80) throws -> SocketAddress {
        try #require(SocketAddress(ip: text, port: port))
    }

    /// Dialled, used and released.
    private func keep(
        _ descriptor: Int32, at peer: String = "http://a:80", by user: Int = 1, isClean: Bool = true,
        since time: MonotonicTime? = nil, in table: inout Table
    ) throws -> [Int32] {
        table.opened(descriptor, for: plain, at: peer, try address(), by: user)
        #expect(table.take(descriptor, by: user, for: plain) == .fresh)
        return table.release(user, isClean: isClean, now: time ?? start)
    }

    @Test("A connection is fresh once, then kept, and one exchange has it at a time")
    func life() throws {
        var table = table()
        #expect(try keep(5, in: &table) == [])
        #expect(table.idleDescriptors == [5] && table.idleCount == 1)
        #expect(table.take(5, by: 2, for: plain) == .kept(5))
        #expect(table.idleCount == 0 && table.users(of: 5) == [2])
        #expect(table.take(5, by: 3, for: plain) == .refused)
        #expect(table.users(of: 5) == [2])
        // curl asks again when it repeats a request.
        #expect(table.take(5, by: 2, for: plain) == .kept(5))
        #expect(table.release(3, isClean: false, now: start) == [])
        #expect(table.release(2, isClean: true, now: start) == [])
        #expect(table.release(2, isClean: false, now: start) == [])
        #expect(table.idleDescriptors == [5])
        table.closed(5)
        table.closed(5)
        #expect(table.count == 0 && table.idleCount == 0)
        #expect(table.take(5, by: 2, for: plain) == .refused)
    }

    @Test("After an unclear end it is shut down once and used no more")
    func retired() throws {
        var table = table()
        #expect(try keep(5, isClean: false, in: &table) == [5])
        #expect(table.hasRetired && table.idleCount == 0)
        #expect(table.retire(5) == [])
        #expect(table.take(5, by: 2, for: plain) == .refused)
        table.closed(5)
        #expect(!table.hasRetired)
        // The system gives the number to another.
        #expect(try keep(5, in: &table) == [])
        #expect(table.take(5, by: 2, for: plain) == .kept(5))
    }

    @Test("A number that is opened again is another connection, even if its end was not told")
    func reopened() throws {
        var table = table()
        _ = try keep(5, in: &table)
        table.locate(5, at: 1_000)
        table.opened(5, for: plain, at: "http://b:80", try address(), by: 2)
        #expect(table.idleCount == 0 && table.count == 1)
        #expect(table.descriptor(localPort: 1_000) { nil } == nil)
        #expect(table.take(5, by: 2, for: plain) == .fresh)
    }

    @Test("The limit for a peer takes the one that has been idle longest, and other peers don't count")
    func limitPerPeer() throws {
        var table = table { $0.idlePerServer = 2 }
        #expect(try keep(5, since: start + .seconds(1), in: &table) == [])
        #expect(try keep(6, since: start, in: &table) == [])
        #expect(try keep(7, at: "http://b:80", since: start - .seconds(1), in: &table) == [])
        #expect(try keep(8, since: start + .seconds(2), in: &table) == [6])
        #expect(Set(table.idleDescriptors) == [5, 7, 8])
    }

    @Test("The limit in all takes the one that has been idle longest at any peer; no limit of zero keeps one")
    func limitInAll() throws {
        var table = table { $0.idleInAll = 2 }
        #expect(try keep(5, at: "http://a:80", since: start, in: &table) == [])
        #expect(try keep(6, at: "http://b:80", since: start + .seconds(1), in: &table) == [])
        #expect(try keep(7, at: "http://c:80", since: start + .seconds(2), in: &table) == [5])
        var none = self.table { $0.idlePerServer = 0 }
        #expect(try keep(5, in: &none) == [5])
        none = self.table { $0.idleInAll = 0 }
        #expect(try keep(5, in: &none) == [5])
    }

    @Test("What has been idle for too long goes, what was used since stays")
    func idleTime() throws {
        var table = table { $0.idleTimeout = .seconds(90) }
        for descriptor in [5, 6, 7] as [Int32] { _ = try keep(descriptor, by: Int(descriptor), in: &table) }
        _ = table.take(6, by: 1, for: plain)
        _ = table.take(7, by: 2, for: plain)
        _ = table.release(1, isClean: true, now: start + .seconds(1))
        #expect(table.expire(now: start + .seconds(89)) == [])
        #expect(table.expire(now: start + .seconds(90)) == [5])
        #expect(table.expire(now: start + .seconds(90)) == [])
        #expect(table.expire(now: start + .seconds(91)) == [6])
        // One in use is not idle, however old.
        #expect(table.users(of: 7) == [2])
    }

    @Test("Tunnels that were opened with different credentials are kept apart")
    func tunnels() throws {
        var table = table()
        let (one, other) = (
            Table.Requirements(tunnel: [.proxyAuthorization: "Basic a"]),
            Table.Requirements(tunnel: [.proxyAuthorization: "b"])
        )
        table.opened(5, for: one, at: "http://p:1", try address(), by: 1)
        #expect(table.take(5, by: 1, for: one) == .fresh)
        _ = table.release(1, isClean: true, now: start)
        #expect(table.take(5, by: 2, for: other) == .refused)
        #expect(table.take(5, by: 2, for: plain) == .refused)
        #expect(table.take(5, by: 2, for: one) == .kept(5))
    }

    @Test("HTTP/2 is shared by those that may speak it, and one unclear end leaves it as it is")
    func http2() throws {
        var table = table()
        let both = Table.Requirements(mayBeHTTP2: true)
        table.opened(5, for: both, at: "https://a:443", try address(), by: 1)
        #expect(table.take(5, by: 1, for: both) { true } == .fresh)
        // Negotiated once.
        #expect(table.take(5, by: 2, for: both) { false } == .kept(5))
        #expect(table.isHTTP2(5) && table.users(of: 5) == [1, 2])
        #expect(table.take(5, by: 3, for: plain) == .refused)
        #expect(table.release(1, isClean: false, now: start) == [])
        #expect(table.users(of: 5) == [2] && table.idleCount == 0)
        #expect(table.release(2, isClean: false, now: start) == [])
        #expect(table.idleDescriptors == [5])
        // The same where HTTP/1.1 was negotiated.
        table.opened(6, for: both, at: "https://a:443", try address(), by: 1)
        #expect(table.take(6, by: 1, for: both) { false } == .fresh)
        #expect(table.take(6, by: 2, for: both) { true } == .refused)
        #expect(table.release(1, isClean: true, now: start) == [])
        #expect(table.take(6, by: 3, for: plain) == .kept(6))
    }

    @Test("A request that curl moves to a second connection is on that one alone")
    func moves() throws {
        var table = table()
        let both = Table.Requirements(mayBeHTTP2: true)
        for (descriptor, user) in [(5, 1), (6, 1)] as [(Int32, Int)] {
            table.opened(descriptor, for: both, at: "https://a:443", try address(), by: user)
        }
        #expect(table.take(5, by: 1, for: both) { true } == .fresh)
        #expect(table.take(5, by: 2, for: both) == .kept(5))
        #expect(table.take(6, by: 1, for: both) { true } == .fresh)
        #expect(table.users(of: 5) == [2])
        table.closed(5)
        #expect(table.release(1, isClean: true, now: start) == [])
        #expect(table.idleDescriptors == [6])
    }

    @Test("A connection is found by its local port, and by its peer where the system gave the port twice")
    func localPorts() throws {
        var table = table()
        let (near, far) = (try address("192.0.2.1"), try address("2001:db8::1"))
        for (descriptor, remote, user) in [(5, near, 1), (6, far, 2), (7, far, 2)] as [(Int32, SocketAddress, Int)] {
            table.opened(descriptor, for: plain, at: "http://a:80", remote, by: user)
        }
        #expect(table.takeUnlocated(of: 1) == [5])
        #expect(table.takeUnlocated(of: 1) == [])
        // One of two attempts to connect has lost, and is closed before anybody asks.
        table.closed(7)
        #expect(table.takeUnlocated(of: 2) == [6])
        table.locate(5, at: 1_000)
        #expect(table.descriptor(localPort: 1_000) { nil } == 5)
        table.locate(6, at: 1_000)
        #expect(table.descriptor(localPort: 1_000) { near } == 5)
        #expect(table.descriptor(localPort: 1_000) { far } == 6)
        #expect(table.descriptor(localPort: 1_000) { nil } == nil)
        #expect(table.descriptor(localPort: 1_001) { near } == nil)
        table.closed(5)
        #expect(table.descriptor(localPort: 1_000) { nil } == 6)
        // The same address, another port of it.
        let other = try address("2001:db8::1", port: 81)
        table.opened(8, for: plain, at: "http://a:81", other, by: 3)
        table.locate(8, at: 1_000)
        #expect(table.descriptor(localPort: 1_000) { far } == 6)
        #expect(table.descriptor(localPort: 1_000) { other } == 8)
        table.locate(9, at: 1_000)
        table.closed(6)
        #expect(table.descriptor(localPort: 1_000) { nil } == 8)
    }

    @Test("No response comes sooner than the smallest round trip, which is measured where it matters")
    func roundTrips() throws {
        var table = table()
        _ = try keep(5, in: &table)
        var measured = 0
        func isTooSoon(_ elapsed: Int, _ smallest: Int?) -> Bool {
            table.isTooSoon(.microseconds(elapsed), on: 5) {
                measured += 1
                return smallest.map { .microseconds($0) }
            }
        }
        #expect(!isTooSoon(10, nil))
        #expect(isTooSoon(99, 100))
        #expect(!isTooSoon(100, 100))
        #expect(measured == 2)
        // It has become smaller since.
        #expect(!isTooSoon(60, 50))
        #expect(!isTooSoon(50, 1_000))
        #expect(measured == 3)
        #expect(isTooSoon(49, 50))
    }
}

@Suite("What leaves a connection clean, as a value")
struct CleanEndTests {
    @Test(
        "Only a head that says where its response ends lets the connection be used again",
        arguments: [
            ("GET", "1.1 200", "Content-Length: 5", true), ("GET", "1.1 200", "Content-Length: 0", true),
            ("GET", "1.0 200", "Content-Length: 5", true), ("GET", "1.1 200", "", false),
            ("GET", "1.1 200", "Content-Length: 5|Content-Length: 5", false),
            ("GET", "1.1 200", "Content-Length: 5, 5", false), ("GET", "1.1 200", "Content-Length: x", false),
            ("GET", "1.1 200", "Transfer-Encoding: chunked", true),
            ("GET", "1.0 200", "Transfer-Encoding: chunked", false),
            ("GET", "1.1 200", "Transfer-Encoding: chunked|Content-Length: 5", false),
            ("GET", "1.1 204", "", true), ("GET", "1.1 204", "Content-Length: 0", true),
            ("GET", "1.1 204", "Content-Length: 5", false), ("GET", "1.1 204", "Transfer-Encoding: chunked", false),
            ("GET", "1.1 304", "", true), ("GET", "1.1 304", "Content-Length: 5", true),
            ("GET", "1.1 304", "Transfer-Encoding: chunked", false), ("GET", "1.1 205", "", false),
            ("HEAD", "1.1 200", "", true), ("HEAD", "1.1 200", "Content-Length: 5", true),
            ("HEAD", "1.1 200", "Content-Length: 5|Content-Length: 5", false),
            ("HEAD", "1.1 200", "Transfer-Encoding: chunked", true), ("GET", "2 200", "", true),
        ])
    func ends(_ method: String, _ statusLine: String, _ fields: String, _ isClear: Bool) throws {
        let words = statusLine.split(separator: " ")
        var head = TransferHead(status: try #require(Int(words[1])), httpVersion: String(words[0]))
        for line in fields.split(separator: "|") {
            let parts = line.split(separator: ": ")
            head.fields.append(
                HTTPField(name: try #require(HTTPField.Name(String(parts[0]))), value: String(parts[1])))
        }
        #expect(head.endsClearly(inResponseTo: try #require(HTTPMethod(method))) == isClear)
    }

    @Test("NTLM, Negotiate and Kerberos authenticate a connection, other schemes a request")
    func connectionAuthentication() {
        for (fields, isOfConnection) in [
            ([.authorization: "NTLM TlRMTVNTUAAB"], true), ([.proxyAuthorization: "negotiate YII"], true),
            ([.wwwAuthenticate: "Basic realm=\"x\", Negotiate"], true), ([.proxyAuthenticate: "Kerberos"], true),
            ([.authorization: "Bearer abc"], false), ([.wwwAuthenticate: "Basic realm=\"x\""], false),
            ([.userAgent: "NTLM"], false), ([:], false),
        ] as [(HTTPFields, Bool)] {
            #expect(fields.authenticateConnection == isOfConnection, "\(fields)")
        }
    }

    @Test("An invalid line makes the end of the head unclear, the empty line doesn't")
    func oddLines() {
        func isOdd(_ lines: String...) -> Bool {
            var collector = HeadCollector(limit: 1_000)
            for line in lines { _ = Array("\(line)\r\n".utf8).withUnsafeBytes { collector.take($0) } }
            return collector.hasOddLines
        }
        #expect(!isOdd("HTTP/1.1 200 OK", "X: y", "", "X: trailer", ""))
        #expect(isOdd("HTTP/1.1 200 OK", "Content-Length : 5", ""))
        #expect(isOdd("HTTP/1.1 200 OK", "no field", ""))
        #expect(isOdd("HTTP/1.1 100 Continue", "no field", "", "HTTP/1.1 200 OK", ""))
        #expect(isOdd("HTTP/1.1 200 OK", "", "no field"))
    }
}
