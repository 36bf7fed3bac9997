// Gets a range of an object through the seed peers that serve it, and a whole object into a file.
//
//   FetchExample 10.0.0.1:4001,10.0.0.2:4001 http://origin/object FILE
//
// It imports nothing but DragonflyRequest, which a test checks: neither the server nor LMDB, isa-l, RE2 or libyaml come along.

import DragonflyRequest

guard CommandLine.arguments.count == 4 else {
    print("usage: FetchExample [name=]host:port,… URL FILE")
    throw DragonflyError.invalidArgument("three arguments are needed")
}
let (peers, url, file) = (CommandLine.arguments[1], CommandLine.arguments[2], CommandLine.arguments[3])

let counters = RequestCounters()
let configuration = ClientConfiguration(retry: RetryPolicy(maxRetries: 3), metrics: counters)
try await withDragonflyClient(discovery: FixedDiscovery(peers), configuration: configuration) { client in
    // Which seed peers hold this object?
    print("replicas:", try await client.lookupEndpoints(GetRequest(url: url)))

    // The first bytes, as a stream.
    let response = try await client.get(GetRequest(url: url, range: 0..<1024))
    var count = 0
    for try await chunk in response.body { count += chunk.count }
    print(
        "\(count) bytes from \(response.head.endpoint), cache status \(response.head.cacheStatus.map { "\($0)" } ?? "unknown")"
    )

    // All of it, by parallel ranges.
    try await client.download(GetRequest(url: url), toFile: file, options: DownloadOptions(parallel: 4))
}
print("hits \(counters.values.hits), misses \(counters.values.misses), retries and breaks \(counters.values.failures)")
