import Glibc
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
        var limits = configuration.forEngine
        limits.residentTasks = min(limits.residentTasks, Self.descriptorLimit / 2)
        let engine = TaskEngine(store: store, origin: origin, configuration: limits, logger: logger)
        return Rooms(store: store, origin: origin, engine: engine, addressGuard: addressGuard)
    }

    /// Descriptors that this process may have. Tasks in memory keep one each, and clients need some, too.
    private static var descriptorLimit: Int {
        var limit = rlimit()
        guard getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) == 0 else { return .max }
        return Int(clamping: limit.rlim_cur)
    }

    /// Ends every flight, then writes what they brought. Blocks.
    func close() {
        engine.shutdown()
        origin.shutdown()
        store.close()
    }
}
