import SeedSupport
import Testing

@Suite struct LoggingTests {
    @Test func belowItsLevelNothingIsEvenFormatted() {
        let entries = Lock<[Logger.Entry]>([])
        let formatted = Lock(0)
        var logger = Logger(label: "test", level: .info) { entry in entries.withLock { $0.append(entry) } }
        func text(_ text: String) -> String {
            formatted.withLock { $0 += 1 }
            return text
        }
        logger.debug(text("no"), metadata: ["key": text("no")])
        #expect(formatted.withLock { $0 } == 0)
        logger.notice(text("yes"), metadata: ["a": text("1"), "b": "2"])
        logger.level = .critical
        logger.error("no")
        let written = entries.withLock { $0 }
        #expect(written.map(\.message) == ["yes"])
        #expect(written.map(\.source) == ["SeedSupportTests"])
        #expect(written.first?.metadata.map { "\($0.key)=\($0.value)" } == ["a=1", "b=2"])
    }

    @Test func noMessageForgesALine() {
        let entry = Logger.Entry(
            time: Timestamp(seconds: 0), level: .warning, label: "seed-peer", source: "SeedProxy",
            message: "a\nb\u{7f}", metadata: [(key: "url", value: "x\r\ny")])
        let line = LogText.line(entry)
        #expect(line.hasSuffix(" warning seed-peer: url=x\\r\\ny [SeedProxy] a\\nb\\u{7F}\n"))
        #expect(line.hasPrefix("19"))
        #expect(line.utf8.filter { $0 == UInt8(ascii: "\n") }.count == 1)
    }

    @Test func levelsByName() {
        #expect(Logger.Level(rawValue: "notice") == .notice)
        #expect(Logger.Level.allCases == Logger.Level.allCases.sorted())
    }
}

@Suite struct MetricsTests {
    @Test func eachMetricOnceWithItsMeaning() {
        let registry = MetricsRegistry(prefix: "seed_peer_")
        let requests = registry.counter("requests_total", "Requests.")
        let connections = registry.gauge("connections", "Open now.", labels: [("port", "data")])
        _ = registry.gauge("connections", "Open now.", labels: [("port", "a\"b\\c")])
        registry.measured("gone", "Left out.") { nil }
        registry.counted("commits_total", "Commits.") { 9 }
        requests.add()
        requests.add(2)
        connections.set(5)
        connections.add(-1)
        #expect(
            registry.text() == """
                # HELP seed_peer_requests_total Requests.
                # TYPE seed_peer_requests_total counter
                seed_peer_requests_total 3
                # HELP seed_peer_connections Open now.
                # TYPE seed_peer_connections gauge
                seed_peer_connections{port="data"} 4
                seed_peer_connections{port="a\\"b\\\\c"} 0
                # HELP seed_peer_commits_total Commits.
                # TYPE seed_peer_commits_total counter
                seed_peer_commits_total 9

                """)
    }

    @Test func histogramsCountCumulatively() {
        let registry = MetricsRegistry(prefix: "")
        let histogram = registry.histogram("wait_seconds", "Waiting.", bounds: [0.1, 1])
        for value in [0.05, 0.1, 0.5, 7] { histogram.observe(value) }
        #expect(
            registry.text() == """
                # HELP wait_seconds Waiting.
                # TYPE wait_seconds histogram
                wait_seconds_bucket{le="0.1"} 2
                wait_seconds_bucket{le="1.0"} 3
                wait_seconds_bucket{le="+Inf"} 4
                wait_seconds_sum 7.65
                wait_seconds_count 4

                """)
    }
}

@Suite struct SystemTests {
    @Test func errorsHaveTheSystemsWords() {
        #expect("\(Errno(28))" == "No space left on device")
        #expect(throws: Errno(2)) { try System.readFile("/nowhere/at/all", limit: 10) }
    }

    @Test func aFileBeyondItsLimitIsRefused() throws {
        #expect(throws: Errno(27)) { try System.readFile("/proc/self/maps", limit: 10) }
        #expect(try System.readFile("/proc/self/comm", limit: 100).count > 0)
    }
}
