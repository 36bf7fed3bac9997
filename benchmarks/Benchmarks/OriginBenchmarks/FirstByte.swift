import SeedTestSupport

/// Time to the first byte of cold 64 KiB ranges at random unaligned offsets, over a link of 50 ms and 100 MB/s. Direct
/// and through the seed peer take turns; both keep their connections.
struct FirstByte {
    let isQuick: Bool

    func run() throws -> [Figure] {
        let served = try Served(length: 1 << 30, seed: 2)
        let huge = FaultyObject(length: 20 << 30, seed: 3)
        let computed = try FaultyOrigin(script: FaultyScript(huge))
        defer { computed.stop() }
        return try measure("1 GiB at nginx", served.object, at: served.nginx.port)
            + measure("20 GiB, computed", huge, at: computed.port)
    }

    private func measure(_ name: String, _ object: FaultyObject, at port: UInt16) throws -> [Figure] {
        let link = try Link(to: port, delay: .milliseconds(25), rate: 100e6)
        defer { link.stop() }
        let peer = try Peer()
        let (direct, through) = (try RawClient(port: Int(link.port)), try peer.client())
        let length: Int64 = 64 << 10
        // The first range makes both connections; the task is not cold for the others, their bytes are.
        _ = try time(direct, link.url, 1..<length, object)
        let first = try time(through, link.url, 1..<length, object)
        var (directTimes, throughTimes) = ([Double](), [Double]())
        for _ in 0..<(isQuick ? 20 : 100) {
            for isDirect in [true, false] {
                let start = Int64.random(in: 1..<(object.length - length)) | 1
                let took = try time(isDirect ? direct : through, link.url, start..<start + length, object)
                if isDirect { directTimes.append(took) } else { throughTimes.append(took) }
            }
        }
        let (p50, direct50) = (throughTimes.percentile(0.5), directTimes.percentile(0.5))
        return [
            Figure("first byte, \(name): first contact, with its connection", first * 1000, "ms"),
            Figure("first byte, \(name): direct, p50", direct50 * 1000, "ms"),
            Figure("first byte, \(name): cold, p50", p50 * 1000, "ms"),
            Figure("first byte, \(name): cold, p95", throughTimes.percentile(0.95) * 1000, "ms"),
            Figure("first byte, \(name): cold to direct, p50", ratio: p50 / direct50, atMost: 1.1),
        ]
    }

    private func time(
        _ client: RawClient, _ url: String, _ range: Range<Int64>, _ object: FaultyObject
    ) throws -> Double {
        let start = ContinuousClock.now
        try client.ask(url + "/object", range)
        guard try client.readHead().status == 206 else { throw WrongBytes("no 206") }
        let byte = try client.read(exactly: 1)
        let took = (ContinuousClock.now - start).inSeconds
        guard byte == object.bytes(range.lowerBound..<range.lowerBound + 1) else { throw WrongBytes("first byte") }
        try client.check(Int64(range.count) - 1, of: object, at: range.lowerBound + 1)
        return took
    }
}
