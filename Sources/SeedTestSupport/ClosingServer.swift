import SeedSupport

/// A server that closes its connections in the moment of reuse: before their second request, with it, or after it. It
/// responds to the others with their target.
package final class ClosingServer: Sendable {
    /// How many requests a test makes of it, for at least half as many closes.
    package static let rounds = Seeded.isSoak ? 20_000 : 200

    private struct State {
        var arrivals: [String: Int] = [:]
        var closes = 0
    }

    private let server: RawServer
    private let state: Lock<State>

    package init() throws {
        let state = Lock(State())
        self.state = state
        server = try RawServer { client, number in
            defer { state.withLock { $0.closes += 1 } }
            for turn in 0... {
                let head = String(decoding: try client.readHeadBytes(), as: UTF8.self)
                let words = head.split(separator: "\r\n")[0].split(separator: " ")
                if head.contains("Content-Length: 4\r\n") { _ = try client.read(exactly: 4) }
                state.withLock { $0.arrivals["\(words[0]) \(words[1])", default: 0] += 1 }
                if turn == 1 { return }
                try client.send("HTTP/1.1 200 OK\r\nContent-Length: \(words[1].utf8.count)\r\n\r\n\(words[1])")
                if number % 3 == 0 { return }
            }
        }
    }

    package var url: String { server.url }

    /// How often it has read each request, by method and target. One that was cut off may not have been read.
    package var arrivals: [String: Int] { state.withLock { $0.arrivals } }

    package var closes: Int { state.withLock { $0.closes } }

    /// The clients must have gone.
    package func stop() { server.stop() }
}
