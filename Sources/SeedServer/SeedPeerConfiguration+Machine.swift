import Glibc
import HTTPServer
import HTTPTransfers
import SeedEngine
import SeedOrigin
import SeedProxy

extension SeedPeerConfiguration {
    /// With what only this machine and this process know. All else goes to the layers as it was read.
    func onThisMachine() -> SeedPeerConfiguration {
        var configuration = self
        configuration.proxy.serverIP = proxy.serverIP ?? OwnAddress.first
        configuration.origin.userAgent = "seed-peer/\(SeedPeer.version)"
        // Tasks in memory keep a descriptor each, and clients need some, too.
        configuration.engine.residentTasks = min(engine.residentTasks, Self.descriptorLimit / 2)
        return configuration
    }

    /// Descriptors that this process may have.
    private static var descriptorLimit: Int {
        var limit = rlimit()
        guard getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) == 0 else { return .max }
        return Int(clamping: limit.rlim_cur)
    }

    /// How often connections look at the time: a quarter of the shortest time limit, 10 ms to 1 s.
    var tickInterval: Duration {
        let shortest = min(proxy.server.timeouts.shortest, origin.transfers.noProgressTimeout)
        return max(.milliseconds(10), min(.seconds(1), shortest / 4))
    }
}
