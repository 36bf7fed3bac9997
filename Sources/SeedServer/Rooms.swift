import Logging
import SeedEngine
import SeedOrigin
import SeedStorage

/// The rooms behind the front door, opened in the order in which they need each other.
struct Rooms: Sendable {
    let store: PieceStore
    let origin: CurlOrigin
    let engine: TaskEngine

    /// Blocks.
    static func open(_ configuration: SeedPeerConfiguration, logger: Logger) throws -> Rooms {
        let store = try PieceStore.open(configuration.forStorage, logger: logger)
        let origin = CurlOrigin(configuration: configuration.forOrigin, logger: logger)
        let engine = TaskEngine(store: store, origin: origin, configuration: configuration.forEngine, logger: logger)
        return Rooms(store: store, origin: origin, engine: engine)
    }

    /// Ends every flight, then writes what they brought. Blocks.
    func close() {
        engine.shutdown()
        origin.shutdown()
        store.close()
    }
}
