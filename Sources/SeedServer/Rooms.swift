import Logging
import SeedEngine
import SeedOrigin
import SeedStorage

/// The rooms behind the front door, opened in the order in which they need each other.
struct Rooms: Sendable {
    let store: PieceStore
    let origin: CurlOrigin
    let engine: TaskEngine
    /// Shared with the front door: what either listens on, neither dials.
    let addressGuard: AddressGuard

    /// Blocks.
    static func open(_ configuration: SeedPeerConfiguration, logger: Logger) throws -> Rooms {
        let store = try PieceStore.open(configuration.forStorage, logger: logger)
        let addressGuard = AddressGuard(allow: configuration.backend.allowAddresses)
        let origin = CurlOrigin(configuration: configuration.forOrigin(addressGuard), logger: logger)
        let engine = TaskEngine(store: store, origin: origin, configuration: configuration.forEngine, logger: logger)
        return Rooms(store: store, origin: origin, engine: engine, addressGuard: addressGuard)
    }

    /// Ends every flight, then writes what they brought. Blocks.
    func close() {
        engine.shutdown()
        origin.shutdown()
        store.close()
    }
}
