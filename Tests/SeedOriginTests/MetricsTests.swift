import SeedOrigin
import SeedSupport
import SeedTestSupport
import Testing

@Suite("What is counted of origins")
struct OriginMetricsTests {
    private let registry = MetricsRegistry(prefix: "")

    /// The value of the one line that begins so.
    private func value(_ name: String) -> String? {
        registry.text().split(separator: "\n").first { $0.hasPrefix(name + " ") }?.split(separator: " ").last.map(
            String.init)
    }

    private func firstBytes(_ outcome: String) -> String? {
        value("origin_first_byte_seconds_count{outcome=\"\(outcome)\"}")
    }

    @Test("The first byte is timed by what it told, for each exchange of a way, and redirects are counted")
    func firstByte() throws {
        let origin = try FaultyOrigin { request, connection in
            switch request.path {
            case "/start": connection.respond("302 Found", ["Location: /object"])
            case "/object": connection.respond("200 OK", ["ETag: \"a\""], body: [1])
            case "/missing": connection.respond("404 Not Found")
            case "/ill": connection.respond("503 Service Unavailable")
            default: connection.reset()
            }
        }
        let gateway = OriginGateway.forLoopback(metrics: registry)
        defer {
            gateway.shutdown()
            origin.stop()
        }
        for path in ["/start", "/start", "/missing", "/ill", "/reset"] {
            let recorder = Recorder()
            _ = gateway.start(OriginRequest(url: origin.url + path), into: recorder)
            #expect(recorder.outcome() != nil)
        }
        // The second time the way is known.
        #expect(firstBytes("redirect") == "1" && firstBytes("success") == "2")
        #expect(firstBytes("client_error") == "1" && firstBytes("server_error") == "1" && firstBytes("failed") == "1")
        #expect(value("origin_redirects_total{kind=\"followed\"}") == "1")
        #expect(value("origin_redirects_total{kind=\"remembered\"}") == "1")
    }

    @Test("A host that is left alone shows, and so does each request that was not sent to it")
    func circuit() throws {
        let origin = try FaultyOrigin { request, connection in connection.respond("500 Internal Server Error") }
        let gateway = OriginGateway.forLoopback(metrics: registry) { $0.failuresToOpenCircuit = 2 }
        defer {
            gateway.shutdown()
            origin.stop()
        }
        for _ in 0..<5 {
            let recorder = Recorder()
            _ = gateway.start(OriginRequest(url: origin.url + "/"), into: recorder)
            #expect(recorder.outcome() != nil)
        }
        #expect(value("origin_open_circuits") == "1" && value("origin_circuits_opened_total") == "1")
        #expect(value("origin_circuit_refusals_total") == "3")
    }

    @Test("A request waiting for a place is counted until it gets one")
    func queue() throws {
        let origin = try FaultyOrigin { request, connection in
            if request.path == "/first" { connection.stall() }
            connection.respond("200 OK", ["ETag: \"a\""], body: [1])
        }
        let gateway = OriginGateway.forLoopback(metrics: registry) { $0.transfersPerHost = 1 }
        defer {
            gateway.shutdown()
            origin.stop()
        }
        let recorders = (0..<3).map { _ in Recorder() }
        for (recorder, path) in zip(recorders, ["/first", "/second", "/third"]) {
            _ = gateway.start(OriginRequest(url: origin.url + path), into: recorder)
        }
        #expect(origin.waitForRequests(1))
        #expect(eventually { value("origin_queued_requests") == "2" })
        origin.release()
        for recorder in recorders { #expect(recorder.outcome() == .complete(hasCleanEnd: true)) }
        #expect(eventually { value("origin_queued_requests") == "0" })
    }

    @Test("A reader without room counts as a pause")
    func pause() throws {
        let origin = try FaultyOrigin { request, connection in
            connection.respond("200 OK", ["ETag: \"a\""], body: pattern(1000))
        }
        let gateway = OriginGateway.forLoopback(metrics: registry)
        defer {
            gateway.shutdown()
            origin.stop()
        }
        let recorder = Recorder(refuses: { $0 == 0 })
        let transfer = gateway.start(OriginRequest(url: origin.url + "/"), into: recorder)
        #expect(recorder.wait { $0.offers == 1 })
        transfer.resume()
        #expect(recorder.outcome() == .complete(hasCleanEnd: true))
        #expect(value("origin_transfer_pauses_total{reason=\"no_room\"}") == "1")
        #expect(value("origin_transfer_pauses_total{reason=\"bandwidth\"}") == "0")
    }
}
