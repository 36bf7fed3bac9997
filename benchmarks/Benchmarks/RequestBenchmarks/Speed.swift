// What a get costs over plain curl.
//
// One seed peer holds the object. One process asks for the same bytes again and again, in turn by libcurl with its
// defaults and a connection it keeps, and by DragonflyRequest, each into fresh memory. A pair is a run of gets by the one
// and then by the other, so that noise of the machine hits both alike; the figures are the medians of 15 pairs. CPU time
// is the whole process's.
//
// Goal at 1 MiB: at least 0.95 of curl's speed with at most 1.3 of its CPU time. Both wait for one response before they
// ask again, so this is latency, not throughput. libcurl does all in the calling thread; the SDK wakes an event loop
// and is woken by it once.

import CCurl
import DragonflyRequest
import Foundation
import SeedTestSupport

/// One libcurl handle that keeps its connection.
private final class Curl {
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

/// Seconds.
private struct Cost {
    var time: Double
    var processor: Double

    static func now() -> Cost {
        var (clock, processor) = (timespec(), timespec())
        clock_gettime(CLOCK_MONOTONIC, &clock)
        clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &processor)
        return Cost(time: seconds(clock), processor: seconds(processor))
    }

    private static func seconds(_ time: timespec) -> Double { Double(time.tv_sec) + Double(time.tv_nsec) / 1e9 }

    /// - Returns: of one of `count`.
    func since(_ start: Cost, count: Int) -> Cost {
        Cost(time: (time - start.time) / Double(count), processor: (processor - start.processor) / Double(count))
    }
}

private func median(_ values: [Double]) -> Double { values.sorted()[values.count / 2] }

/// Not on the main actor: the way to it and back would count as the SDK's.
private func run(size: Int, gets: Int, url: String, proxy: String) async throws -> [(curl: Cost, sdk: Cost)] {
    let client = try EndpointClient(endpoints: [proxy])
    let curl = Curl(url: url, proxy: proxy)
    let request = GetRequest(url: url, range: 0..<Int64(size))
    var pairs: [(curl: Cost, sdk: Cost)] = []
    // The first pair fills the cache and opens the connections.
    for pair in 0...15 {
        let start = Cost.now()
        for _ in 0..<gets { precondition(curl.get(size) == size, "curl got another size") }
        let middle = Cost.now()
        for _ in 0..<gets {
            var buffer: [UInt8] = []
            try await client.get(request, into: &buffer)
            precondition(buffer.count == size, "the SDK got another size")
        }
        let end = Cost.now()
        if pair > 0 { pairs.append((middle.since(start, count: gets), end.since(middle, count: gets))) }
    }
    return pairs
}

/// - Parameter sizes: in KiB.
func compareWithCurl(sizes: [Int]) async throws {
    let directory = try TemporaryDirectory()
    let files = directory.path("files")
    try FileManager.default.createDirectory(atPath: files, withIntermediateDirectories: true)
    let object = Data((0..<(16 << 20)).map { UInt8(truncatingIfNeeded: $0 &* 7 &+ $0 >> 8) })
    try object.write(to: URL(filePath: files + "/object"))
    let nginx = try Nginx(serving: files)
    defer { nginx.stop() }
    let peer = try SeedPeerProcess(store: directory.path("store"), in: directory)
    defer { peer.kill() }

    print("    size        curl  DragonflyRequest  speed against curl's  CPU time against curl's")
    for size in sizes.map({ $0 << 10 }) {
        // About as many bytes of each size, within reason.
        let gets = min(300, max(20, (100 << 20) / size))
        let pairs = try await run(
            size: size, gets: gets, url: "\(nginx.url)/object", proxy: "http://127.0.0.1:\(try peer.port())")
        let (curl, sdk) = (median(pairs.map(\.curl.time)), median(pairs.map(\.sdk.time)))
        let speed = median(pairs.map { $0.curl.time / $0.sdk.time })
        let processor = median(pairs.map { $0.sdk.processor / $0.curl.processor })
        print(
            String(format: "%5d KiB  %7.0f µs        %7.0f µs", size >> 10, curl * 1e6, sdk * 1e6),
            String(format: "%21.2f %24.2f", speed, processor))
    }
}
