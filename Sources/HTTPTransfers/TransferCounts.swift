package import SeedSupport

/// What a driver has in use now, readable from any thread.
package final class TransferCounts: Sendable {
    /// Transfers that curl works on.
    package let running = Gauge()
    /// Bytes of their receive buffers.
    package let receiveBuffers = Gauge()

    func began(_ request: TransferRequest) {
        running.add(1)
        receiveBuffers.add(Int64(request.receiveBufferLength))
    }

    func ended(_ request: TransferRequest) {
        running.add(-1)
        receiveBuffers.add(-Int64(request.receiveBufferLength))
    }
}
