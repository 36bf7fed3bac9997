import DragonflyRequest

private func fetch() async throws {
    let discovery = try FixedDiscovery("seed-peer-0=10.0.0.1:4001,seed-peer-1=10.0.0.2:4001")
    let client = try await DragonflyClient(discovery: discovery)

    let url = "http://models.example.com/weights.bin"
    let response = try await client.get(GetRequest(url: url, range: 0..<1_048_576))
    for try await chunk in response.body {
        print(chunk.count)
    }
}
