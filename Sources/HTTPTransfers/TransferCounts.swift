package import SeedSupport

/// What a driver has in use now, readable from any thread.
package final class TransferCounts: Sendable {
    /// Transfers that curl works on.
    package let running = Gauge()
    /// Bytes of their receive buffers.
    package let receiveBuffers = Gauge()

    /// - Parameter bufferLength: of its receive buffer.
    func began(bufferLength: Int) {
        running.add(1)
        receiveBuffers.add(Int64(bufferLength))
    }

    func ended(bufferLength: Int) {
        running.add(-1)
        receiveBuffers.add(-Int64(bufferLength))
    }
}
