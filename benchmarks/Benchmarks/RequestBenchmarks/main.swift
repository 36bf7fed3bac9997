// What a get of 1 MiB costs over plain curl: `make bench-request`.
//
// Goal: at most 10 % more. One seed peer holds the object; one process asks for the same MiB again and again, in turn by
// libcurl with its defaults and a connection it keeps, and by DragonflyRequest, each into fresh memory. Taking turns
// lets noise of the machine hit both alike. The ratio is that of the two medians. A second table does the same at other
// sizes.
//
// Both wait for one answer before they ask again, so this is latency, not throughput. libcurl does all in the calling
// thread; the SDK wakes an event loop and is woken by it once, which costs 60 to 100 µs where idle processors wake
// slowly. Measured (two shared virtual cores, busy): 1 MiB 0.76 to 1.18, in the middle of six runs 0.92; 2 MiB 1.00;
// 4 KiB 1.6.

import CCurl
import DragonflyRequest
import Foundation
import SeedTestSupport

/// One libcurl handle that keeps its connection.
final class Curl {
    private let handle: OpaquePointer
    private var body = UnsafeMutableRawBufferPointer(start: nil, count: 0)
    private var count = 0

    init(url: String, proxy: String) {
        _ = seed_curl_global_init()
        handle = OpaquePointer(curl_easy_init())
        set(CURLOPT_URL, url)
        set(CURLOPT_PROXY, proxy)
        let this = Unmanaged.passUnretained(self).toOpaque()
        _ = seed_curl_set_pointer(raw, CURLOPT_WRITEDATA, this)
        _ = seed_curl_set_data_callback(raw, CURLOPT_WRITEFUNCTION) { bytes, size, count, user in
            guard let bytes, let user else { return 0 }
            return Unmanaged<Curl>.fromOpaque(user).takeUnretainedValue().append(bytes, size * count)
        }
    }

    deinit { curl_easy_cleanup(raw) }

    private var raw: UnsafeMutableRawPointer { UnsafeMutableRawPointer(handle) }

    private func set(_ option: CURLoption, _ text: String) {
        _ = text.withCString { seed_curl_set_string(raw, option, $0) }
    }

    private func append(_ bytes: UnsafeMutablePointer<CChar>, _ size: Int) -> Int {
        guard count + size <= body.count else { return 0 }
        UnsafeMutableRawBufferPointer(rebasing: body[count...]).copyMemory(
            from: UnsafeRawBufferPointer(start: bytes, count: size))
        count += size
        return size
    }

    func get(_ size: Int) -> Int {
        body = .allocate(byteCount: size, alignment: 16)
        defer { body.deallocate() }
        count = 0
        set(CURLOPT_RANGE, "0-\(size - 1)")
        return curl_easy_perform(raw) == CURLE_OK ? count : -1
    }
}

func median(_ times: [Duration]) -> Double { times.sorted()[times.count / 2] / .microseconds(1) }

/// Not on the main actor: the way to it and back would count as the SDK's.
func run(size: Int, rounds: Int, url: String, proxy: String) async throws -> (curl: Double, sdk: Double) {
    let client = try EndpointClient(endpoints: [proxy])
    let curl = Curl(url: url, proxy: proxy)
    let clock = ContinuousClock()
    var times: (curl: [Duration], sdk: [Duration]) = ([], [])
    let request = GetRequest(url: url, range: 0..<Int64(size))
    for round in 0..<(rounds + 50) {
        let byCurl = clock.measure { precondition(curl.get(size) == size, "curl got another size") }
        let bySDK = try await clock.measure {
            var buffer: [UInt8] = []
            try await client.get(request, into: &buffer)
            precondition(buffer.count == size, "the SDK got another size")
        }
        // The first rounds fill the cache and open the connections.
        if round >= 50 {
            times.curl.append(byCurl)
            times.sdk.append(bySDK)
        }
    }
    return (median(times.curl), median(times.sdk))
}

let directory = try TemporaryDirectory()
let files = directory.path("files")
try FileManager.default.createDirectory(atPath: files, withIntermediateDirectories: true)
let object = Data((0..<(16 << 20)).map { UInt8(truncatingIfNeeded: $0 &* 7 &+ $0 >> 8) })
try object.write(to: URL(filePath: files + "/object"))
let nginx = try Nginx(serving: files)
defer { nginx.stop() }
let peer = try SeedPeerProcess(store: directory.path("store"), in: directory)
defer { peer.kill() }

print("    size        curl  DragonflyRequest  ratio of medians")
for (size, rounds) in [(1 << 20, 1000), (4 << 10, 1000), (64 << 10, 1000), (2 << 20, 500), (8 << 20, 200)] {
    let medians = try await run(
        size: size, rounds: rounds, url: "\(nginx.url)/object", proxy: "http://127.0.0.1:\(try peer.port())")
    let columns = [medians.curl, medians.sdk].map { String(format: "%7.0f µs", $0) }
    print(
        String(format: "%5d KiB", size >> 10), columns[0], "       " + columns[1],
        String(format: "%17.2f", medians.sdk / medians.curl))
}
