import SeedProxy
import SeedSupport

/// SIGHUP reloads the block list. An invalid one is reported, and the current one stays in force. Without a file the
/// signal is ignored, so that it doesn't end the process.
struct BlockListReload {
    let path: String?
    let proxy: ProxyServer
    let logger: Logger

    /// Blocks. The new list is in force for every request that comes after the line in the log.
    func run() {
        guard let path else { return }
        do {
            let isInForce = Monitor(false)
            try proxy.replaceBlockList(BlockListFile.read(path)) { isInForce.signal { $0 = true } }
            isInForce.wait { $0 ? .go(()) : .wait(until: nil) }
            logger.info("the block list was read again from \(path)")
        } catch {
            logger.error("the block list stays as it was: \(error)")
        }
    }
}
