import EventLoops
import HTTPSemantics
import HTTPServer
import SeedSupport

/// One of the ports beside the data port: health, metrics, admin. Each is a table of routes.
enum SmallPort {
    /// - Parameters:
    ///   - name: the section of the configuration.
    ///   - socket: listens already.
    static func open(
        _ name: String, _ address: SocketAddress, _ table: RouteTable, inherited socket: Int32? = nil,
        on loop: EventLoop
    ) throws(SeedPeerError) -> Server {
        var configuration = ServerConfiguration(addresses: [address])
        configuration.inheritedSocket = socket
        // A few monitors and operators: clients of the data port must not run short of descriptors for their sake.
        configuration.connectionLimit = 64
        do {
            return try Server.start(configuration, loops: [loop]) { _ in RouteApplication(table) }
        } catch {
            throw .cannotListen(key: "\(name).server", error)
        }
    }
}
