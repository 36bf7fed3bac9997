import Foundation
import SeedSupport
import SeedTestSupport

/// Many clients on one cold object: the origin sends it once, and everybody gets it right.
struct Crowd {
    let isQuick: Bool

    func run() throws -> [Figure] {
        let clients = isQuick ? 32 : 256
        let served = try Served(length: 256 << 20, seed: 4)
        let object = served.object
        let whole = object.bytes(0..<object.length)
        let peer = try Peer()
        let failures = Lock<[String]>([])
        let group = DispatchGroup()
        let took = ContinuousClock().measure {
            for _ in 0..<clients {
                guard let client = try? peer.client() else { continue }
                group.enter()
                Thread.detachNewThread { [url = served.nginx.url] in
                    do {
                        try Self.fetch(url, whole, client)
                    } catch {
                        failures.withLock { $0.append("\(error)") }
                    }
                    group.leave()
                }
            }
            group.wait()
        }
        if let failure = failures.withLock({ $0.first }) { throw WrongBytes("in the crowd: \(failure)") }
        let sent = try served.nginx.accesses(atLeast: 1).reduce(0) { $0 + $1.bodyBytesSent }
        return [
            Figure("crowd: \(clients) clients", Double(clients) * Double(object.length) / took.inSeconds / 1e6, "MB/s"),
            Figure("crowd: origin bytes of one object", ratio: Double(sent) / Double(object.length), atMost: 1),
        ]
    }

    private static func fetch(_ url: String, _ whole: [UInt8], _ client: RawClient) throws {
        try client.ask(url + "/object")
        guard try client.readHead().status == 200 else { throw WrongBytes("no 200") }
        var place = 0
        while place < whole.count {
            let bytes = try client.read(atMost: 1 << 18)
            guard !bytes.isEmpty else { throw WrongBytes("the body ended at \(place)") }
            let isRight = whole.withUnsafeBytes { whole in
                bytes.withUnsafeBytes { memcmp($0.baseAddress!, whole.baseAddress! + place, $0.count) == 0 }
            }
            guard isRight else { throw WrongBytes("wrong bytes at \(place)") }
            place += bytes.count
        }
    }
}
