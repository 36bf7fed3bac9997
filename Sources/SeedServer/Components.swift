import HTTPTransfers
import SeedEngine
import SeedOrigin
import SeedStorage
import SeedSupport

/// The parts behind the ports, opened in dependency order.
struct Components: Sendable {
    let store: PieceStore
    let origin: OriginGateway
    let engine: TaskEngine

    /// Blocks.
    static func open(
        _ configuration: SeedPeerConfiguration, metrics: MetricsRegistry, logger: Logger
    ) throws -> Components {
        try configuration.origin.transfers.certificateAuthorities.map(CertificateFile.check)
        let store = try PieceStore.open(configuration.storage, logger: logger)
        metrics.declare(store)
        let origin = OriginGateway(configuration: configuration.origin, logger: logger, metrics: metrics)
        let engine = TaskEngine(
            store: store, origin: origin, configuration: configuration.engine, logger: logger, metrics: metrics)
        return Components(store: store, origin: origin, engine: engine)
    }

    /// Ends every transfer, then writes what they brought. Blocks.
    func close() {
        engine.shutdown()
        origin.shutdown()
        store.close()
    }
}
