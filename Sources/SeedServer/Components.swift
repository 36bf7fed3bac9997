import Glibc
import SeedEngine
import SeedOrigin
import SeedStorage
import SeedSupport

/// What stands behind the ports, opened in the order in which the parts need each other.
struct Components: Sendable {
    let store: PieceStore
    let origin: OriginGateway
    let engine: TaskEngine
    /// Shared with the ports: what they listen on is never dialled.
    let addressGuard: AddressGuard

    /// Blocks.
    static func open(
        _ configuration: SeedPeerConfiguration, metrics: MetricsRegistry, logger: Logger
    ) throws -> Components {
        try configuration.backend.caCert.map(CertificateFile.check)
        let store = try PieceStore.open(configuration.forStorage, logger: logger)
        metrics.declare(store)
        let addressGuard = AddressGuard(allow: configuration.backend.allowAddresses)
        let origin = OriginGateway(
            configuration: configuration.forOrigin(addressGuard), logger: logger, metrics: metrics)
        var limits = configuration.forEngine
        limits.residentTasks = min(limits.residentTasks, Self.descriptorLimit / 2)
        let engine = TaskEngine(store: store, origin: origin, configuration: limits, logger: logger, metrics: metrics)
        return Components(store: store, origin: origin, engine: engine, addressGuard: addressGuard)
    }

    /// Descriptors that this process may have. Tasks in memory keep one each, and clients need some, too.
    private static var descriptorLimit: Int {
        var limit = rlimit()
        guard getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) == 0 else { return .max }
        return Int(clamping: limit.rlim_cur)
    }

    /// Ends every transfer, then writes what they brought. Blocks.
    func close() {
        engine.shutdown()
        origin.shutdown()
        store.close()
    }
}
