// What a get holds while it is under way: 10,000 through one client object at the same time.
//
// The seed peer is a process of its own, and so is the client for each kind of get, so that the memory is the client's and
// none is left from before. Memory is what is resident and backed by no file, beside what was resident after a first get.
// More than 64 KiB for each get is an error.

import DragonflyRequest
import Foundation
import SeedTestSupport

private let count = 10_000
private let limit = 64 << 10

/// Gets that are under way, and stay so.
struct HeldGets {
    static let command = "hold-gets"

    let description: String
    var range: Range<Int64>?
    /// Bytes of each body.
    var sent = 0

    static let all = [
        HeldGets(description: "each waits for its head"),
        HeldGets(description: "each has its head and 1 KiB that nobody reads", sent: 1 << 10),
        HeldGets(description: "each is sent 256 KiB that nobody reads", sent: 256 << 10),
        HeldGets(description: "the same, each of 4 MiB that are asked for", range: 0..<4 << 20, sent: 256 << 10),
    ]

    /// The client's part: prints the bytes that each holds.
    static func run(_ index: Int) async throws -> Never {
        let bytes = try await all[index].memoryOfEach()
        try FileHandle.standardOutput.write(contentsOf: Data("\(bytes)".utf8))
        exit(0)
    }

    private func memoryOfEach() async throws -> Int {
        let descriptors = try allowDescriptors()
        guard descriptors >= count + 100 else {
            throw FixtureError("\(count + 100) descriptors are needed; ulimit -Hn says \(descriptors)")
        }
        let peer = try HoldingPeer(sending: sent)
        let client = try EndpointClient(
            endpoints: [peer.url], configuration: ClientConfiguration(retry: RetryPolicy(maxRetries: 0)))
        let request = GetRequest(url: "http://origin.test/object", range: range)
        return try await withThrowingTaskGroup(of: GetResponse.self) { group in
            group.addTask { try await client.get(request) }
            try peer.waitForRequests(1)
            let before = try settledMemory()
            // No more at once than wait to be accepted.
            for start in stride(from: 0, to: count, by: 500) {
                for _ in 0..<500 { group.addTask { try await client.get(request) } }
                try peer.waitForRequests(start + 501)
            }
            // The responses are held until their memory has been measured.
            var responses: [GetResponse] = []
            if sent > 0 { while responses.count <= count, let next = try await group.next() { responses.append(next) } }
            let after = try settledMemory()
            withExtendedLifetime(responses) {}
            group.cancelAll()
            return (after - before) / count
        }
    }
}

func measureMemory() throws {
    print("\(count) gets under way through one client                     memory of each")
    for (index, gets) in HeldGets.all.enumerated() {
        let outcome = try ChildProcess.run(HoldingPeer.program(), [HeldGets.command, "\(index)"])
        guard let bytes = Int(outcome.text) else { throw FixtureError(outcome.errors) }
        let text = gets.description.padding(toLength: 50, withPad: " ", startingAt: 0)
        print(text, String(format: "%10.1f KiB", Double(bytes) / 1024))
        guard bytes <= limit else {
            print("error: more than \(limit >> 10) KiB")
            exit(1)
        }
    }
}

/// In bytes, as soon as it hasn't changed for a second.
private func settledMemory() throws -> Int {
    var (last, since) = (0, Date())
    while true {
        let text = try String(contentsOfFile: "/proc/self/status", encoding: .utf8)
        let line = text.split(separator: "\n").first { $0.hasPrefix("RssAnon:") }
        guard let now = line?.split(whereSeparator: \.isWhitespace).dropFirst().first.flatMap({ Int($0) }) else {
            throw FixtureError("no RssAnon in the status of this process")
        }
        if abs(now - last) > 64 { (last, since) = (now, Date()) }
        if since.timeIntervalSinceNow < -1 { return now << 10 }
        usleep(50_000)  // memory has no event to wait for
    }
}
