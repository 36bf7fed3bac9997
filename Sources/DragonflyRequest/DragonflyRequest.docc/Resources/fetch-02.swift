import DragonflyRequest

private func fetch() async throws {
    let discovery = try FixedDiscovery("seed-peer-0=10.0.0.1:4001,seed-peer-1=10.0.0.2:4001")
    let client = try await DragonflyClient(discovery: discovery)
    print(await client.seedPeers.map(\.name))
}
