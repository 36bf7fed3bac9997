import SeedTestSupport

/// An origin that gives each connection 20 MB/s: the spans of one cold object together should get theirs each.
struct Connections {
    let isQuick: Bool
    private let rate = 20e6
    private let spans = 8.0  // download.concurrentPieceCount

    func run() throws -> [Figure] {
        let served = try Served(length: isQuick ? 256 << 20 : 1 << 30, seed: 1)
        let link = try Link(to: served.nginx.port, rateEach: rate)
        defer { link.stop() }
        let one = try directRate(link, served.object)
        let peer = try Peer()
        let client = try peer.client()
        let took = try ContinuousClock().measure {
            try client.ask(link.url + "/object")
            guard try client.readHead().status == 200 else { throw WrongBytes("no 200") }
            try client.check(served.object.length, of: served.object, at: 0)
        }
        let all = Double(served.object.length) / took.inSeconds
        return [
            Figure("connections: one connection", one / 1e6, "MB/s"),
            Figure("connections: a cold object", all / 1e6, "MB/s"),
            Figure(
                "connections: of \(Int(spans)) spans at one connection's rate", ratio: all / one / spans, atLeast: 0.9),
        ]
    }

    private func directRate(_ link: Link, _ object: FaultyObject) throws -> Double {
        let length: Int64 = 64 << 20
        let client = try RawClient(port: Int(link.port))
        let took = try ContinuousClock().measure {
            try client.ask(link.url + "/object", 0..<length)
            _ = try client.readHead()
            try client.check(length, of: object, at: 0)
        }
        return Double(length) / took.inSeconds
    }
}
