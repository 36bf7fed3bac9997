import DragonflyRequest

private func fetch() async throws {
    let discovery = try DNSDiscovery("_proxy._tcp.seed-peer.dragonfly-system.svc.cluster.local")
    let client = try await DragonflyClient(discovery: discovery)
    print(await client.seedPeers.map(\.name))
}
