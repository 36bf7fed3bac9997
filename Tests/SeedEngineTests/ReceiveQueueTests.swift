import SeedSupport
import Testing

@testable import SeedEngine

@Suite("Hand-off from the driver thread to store threads")
struct ReceiveQueueTests {
    private func offer(_ receiveQueue: inout ReceiveQueue, _ bytes: [UInt8]) -> ReceiveQueue.Offer {
        bytes.withUnsafeBytes { receiveQueue.offer($0) { ByteBuilder(capacity: ReceiveQueue.bufferLength) } }
    }

    @Test("The first bytes call one store thread, later ones none while it works")
    func oneDrain() {
        var receiveQueue = ReceiveQueue(limit: 100)
        #expect(offer(&receiveQueue, [1]) == .taken(drain: true))
        #expect(offer(&receiveQueue, [2]) == .taken(drain: false))
        let batch = receiveQueue.take()
        #expect(batch.buffers.map(\.bytes) == [Bytes([1, 2])])
        #expect(!batch.mustResume)
        #expect(receiveQueue.take().buffers.isEmpty)
        #expect(offer(&receiveQueue, [3]) == .taken(drain: true))
    }

    @Test("Full means pause, and taking the batch says to resume")
    func pause() {
        var receiveQueue = ReceiveQueue(limit: 4)
        #expect(offer(&receiveQueue, [1, 2, 3, 4, 5]) == .taken(drain: true))
        #expect(offer(&receiveQueue, [6]) == .pause)
        #expect(receiveQueue.length == 5)
        #expect(receiveQueue.take().mustResume)
        #expect(offer(&receiveQueue, [6]) == .taken(drain: false))
    }

    @Test("Small receives share a buffer, so that they become one write")
    func coalesced() {
        var receiveQueue = ReceiveQueue(limit: 1 << 20)
        for byte in 0..<100 { _ = offer(&receiveQueue, [UInt8(byte)]) }
        #expect(receiveQueue.buffers.count == 1)
        #expect(receiveQueue.length == 100)
    }
}
