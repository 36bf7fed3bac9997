/// Finds seed peers by DNS, as Kubernetes publishes the pods of a StatefulSet by a headless Service.
///
/// A name that begins with `_`, such as `_proxy._tcp.seed-peer.dragonfly-system.svc.cluster.local`, is asked for its SRV
/// records. Each target `pod.service.namespace.svc…` stands on the ring as `namespace-pod`, the name under which
/// Dragonfly's hosts report themselves, so that a pod keeps its place when its address changes. Other targets stand on it
/// as `target:port`.
///
/// Any other name is asked for its addresses, and each stands on the ring as `IP:port`. A pod that restarts under
/// another address then takes another place, and its objects are fetched again: prefer SRV.
public struct DNSDiscovery: SeedPeerDiscovery {
    private let name: String
    private let port: Int
    private let resolver: DNSResolver

    /// The port is that of the proxies, for names without SRV records. The server is the `address:port` of a DNS server;
    /// nil takes those of the system.
    ///
    /// - Throws: ``DragonflyError/invalidArgument(_:)``.
    public init(_ name: String, port: Int = 4001, server: String? = nil) throws(DragonflyError) {
        guard !name.isEmpty, name.utf8.count <= 253, name.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7F }) else {
            throw .invalidArgument("\(name.debugDescription) is not a DNS name")
        }
        guard (1...65535).contains(port) else { throw .invalidArgument("port \(port) is not allowed; 1 to 65535 is") }
        self.name = name
        self.port = port
        resolver = try DNSResolver(server: server)
    }

    public func seedPeers() async throws -> [SeedPeer] {
        name.utf8.first == UInt8(ascii: "_") ? try await peersOfService() : try await peersOfAddresses()
    }

    private func peersOfAddresses() async throws -> [SeedPeer] {
        try await resolver.addresses(of: name).map { try SeedPeer(host: $0, port: port) }
    }

    private func peersOfService() async throws -> [SeedPeer] {
        let services = try await resolver.services(of: name)
        return try await withThrowingTaskGroup(of: SeedPeer?.self) { group in
            for service in services {
                group.addTask { try await peer(of: service) }
            }
            return try await group.reduce(into: []) { peers, peer in
                if let peer { peers.append(peer) }
            }
        }
    }

    /// Nil when the target has no address: a pod that is stopping or starting.
    private func peer(of service: DNSResolver.Service) async throws -> SeedPeer? {
        var addresses = service.addresses
        if addresses.isEmpty { addresses = try await resolver.addresses(of: service.target, mayBeGone: true) }
        guard let address = addresses.first(where: { !$0.utf8.contains(UInt8(ascii: ":")) }) ?? addresses.first else {
            return nil
        }
        return try SeedPeer(
            name: DNSDiscovery.ringName(of: service.target, port: service.port), host: address, port: service.port)
    }

    static func ringName(of target: String, port: Int) -> String {
        let labels = target.utf8.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false)
        guard labels.count >= 4, labels[3].elementsEqual("svc".utf8) else { return "\(target):\(port)" }
        return String(decoding: labels[2], as: UTF8.self) + "-" + String(decoding: labels[0], as: UTF8.self)
    }
}
