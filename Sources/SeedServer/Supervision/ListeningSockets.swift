import EventLoops
import Glibc
import SeedProxy
import SeedSupport

/// The sockets of the four ports, opened by a supervisor and inherited by one server process after another. They go on listening
/// while there is none.
package struct ListeningSockets: Sendable {
    enum Port: String, CaseIterable, Sendable {
        case proxy, health, metrics, admin
    }

    /// The environment variable that passes them to the server, as `PID pipe=3 proxy=4 health=5 …`.
    private static let variable = "SEED_PEER_SOCKETS"

    /// Each still to be adopted by its port, which owns it from then on.
    private var descriptors: [Port: Int32] = [:]
    /// Only the supervisor holds the other end, so it closes when the supervisor ends in any way. (The signal that
    /// Linux sends when a parent dies comes once for each of its threads.)
    private(set) var pipe: Int32?

    /// No sockets: each port opens its own.
    package init() {}

    subscript(_ port: Port) -> Int32? { descriptors[port] }

    // MARK: The supervisor's side

    /// - Parameter pipe: the reading end.
    /// - Throws: which port can't be listened on.
    init(opening configuration: SeedPeerConfiguration, pipe: Int32) throws {
        self.pipe = pipe
        do {
            for port in Port.allCases { descriptors[port] = try Self.open(port, configuration.address(of: port)) }
        } catch {
            close()
            throw error
        }
    }

    private static func open(_ port: Port, _ address: SocketAddress) throws(SeedPeerError) -> Int32 {
        do {
            return try Listener.openSocket(address)
        } catch {
            throw .cannotListen(key: "\(port).server", error)
        }
    }

    func close() {
        for descriptor in descriptors.values { Socket.close(descriptor) }
    }

    /// All that a server inherits.
    var inherited: [Int32] { Array(descriptors.values) + [pipe].compactMap(\.self) }

    /// A line of the server's environment.
    var environmentLine: String {
        let words = [String(getpid())] + [pipe.map { "pipe=\($0)" }].compactMap(\.self)
        let ports = descriptors.map { "\($0.rawValue)=\($1)" }
        return "\(Self.variable)=\((words + ports).joined(separator: " "))"
    }

    // MARK: The server's side

    /// Those of this process's supervisor; nil when it has none. To be called once, before other threads look at the environment.
    ///
    /// - Throws: `SeedPeerError.supervisorIsGone`: a server that went on would be orphaned, or become a second
    ///   supervisor.
    package static func inherited() throws(SeedPeerError) -> ListeningSockets? {
        guard let text = getenv(variable).map({ String(cString: $0) }) else { return nil }
        unsetenv(variable)
        let words = text.split(separator: " ")
        guard let supervisor = words.first.flatMap({ Int32($0) }), supervisor == getppid() else {
            throw .supervisorIsGone(variable: variable)
        }
        var sockets = ListeningSockets()
        for word in words.dropFirst() {
            let parts = word.split(separator: "=")
            guard parts.count == 2, let number = Int32(parts[1]) else { continue }
            if parts[0] == "pipe" { sockets.pipe = number }
            if let port = Port(rawValue: String(parts[0])) { sockets.descriptors[port] = number }
        }
        return sockets
    }
}

extension SeedPeerConfiguration {
    fileprivate func address(of port: ListeningSockets.Port) -> SocketAddress {
        switch port {
        case .proxy: proxy.address
        case .health: health
        case .metrics: metrics
        case .admin: admin
        }
    }
}
