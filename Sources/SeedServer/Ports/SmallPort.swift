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
        // Enough for monitoring and operators, without taking descriptors from the data port's clients.
        configuration.connectionLimit = 64
        do {
            return try Server.start(configuration, loops: [loop]) { _ in RouteApplication(table) }
        } catch {
            throw .cannotListen(key: "\(name).server", error)
        }
    }
}
