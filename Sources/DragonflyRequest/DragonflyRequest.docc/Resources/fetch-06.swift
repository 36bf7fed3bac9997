import DragonflyRequest

private func fetch() async throws {
    let discovery = try FixedDiscovery("seed-peer-0=10.0.0.1:4001,seed-peer-1=10.0.0.2:4001")
    let counters = RequestCounters()
    let client = try await DragonflyClient(
        discovery: discovery, configuration: ClientConfiguration(metrics: counters))

    let url = "http://models.example.com/weights.bin"
    try await client.download(GetRequest(url: url), toFile: "weights.bin") { progress in
        print(progress.received, progress.total ?? 0)
    }
    print(counters.values.hits, "hits,", counters.values.misses, "misses")
}
