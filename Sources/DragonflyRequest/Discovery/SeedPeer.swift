/// A seed peer and where it listens.
public struct SeedPeer: Hashable, Sendable {
    /// Its name on the ring, the same in every program that shares the seed peers.
    public let name: String
    /// An IP address or a host name.
    public let host: String
    /// The port of its proxy.
    public let port: Int

    /// Without a name it stands on the ring as `host:port`.
    ///
    /// - Throws: ``DragonflyError/invalidArgument(_:)`` for an empty name or host, or a port outside 1 to 65535.
    public init(name: String? = nil, host: String, port: Int = 4001) throws(DragonflyError) {
        guard !host.isEmpty, host.utf8.allSatisfy({ $0 > 0x20 && $0 != 0x7F && $0 != UInt8(ascii: "/") }) else {
            throw .invalidArgument("\(host.debugDescription) is not a host; an IP address or a name is allowed")
        }
        guard (1...65535).contains(port) else {
            throw .invalidArgument("port \(port) is not allowed; 1 to 65535 is")
        }
        guard name?.isEmpty != true else { throw .invalidArgument("the name of \(host) is empty") }
        self.host = host
        self.port = port
        self.name = name ?? Endpoint(host: host, port: port).authority
    }

    /// Reads `[name=]host[:port]`, an IPv6 address in brackets. Without a port it is 4001.
    /// - Throws: ``DragonflyError/invalidArgument(_:)``.
    public init(_ text: String) throws(DragonflyError) {
        let parts = Array(text.utf8).split(separator: UInt8(ascii: "="), maxSplits: 1, omittingEmptySubsequences: false)
        let address = String(decoding: parts.last ?? [], as: UTF8.self)
        guard let endpoint = Endpoint(authority: address, defaultPort: 4001) else {
            throw .invalidArgument("\(text.debugDescription) is not a seed peer; [name=]host[:port] is allowed")
        }
        let name = parts.count == 2 ? String(decoding: parts[0], as: UTF8.self) : nil
        try self.init(name: name, host: endpoint.host, port: endpoint.port)
    }

    /// The URL of its proxy, as ``DragonflyRequesting/lookupEndpoints(_:)`` gives it.
    public var endpoint: String { transportEndpoint.url }

    var transportEndpoint: Endpoint { Endpoint(host: host, port: port) }
}
