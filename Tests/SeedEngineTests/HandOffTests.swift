import SeedSupport
import Testing

@testable import SeedEngine

@Suite("Hand-off from the driver thread to store threads")
struct HandOffTests {
    private func offer(_ handOff: inout HandOff, _ bytes: [UInt8]) -> HandOff.Offer {
        bytes.withUnsafeBytes { handOff.offer($0) { ByteBuilder(capacity: HandOff.bufferLength) } }
    }

    @Test("The first bytes call one store thread, later ones none while it works")
    func oneDrain() {
        var handOff = HandOff(limit: 100)
        #expect(offer(&handOff, [1]) == .taken(drain: true))
        #expect(offer(&handOff, [2]) == .taken(drain: false))
        let batch = handOff.take()
        #expect(batch.buffers.map(\.bytes) == [Bytes([1, 2])])
        #expect(!batch.mustResume)
        #expect(handOff.take().buffers.isEmpty)
        #expect(offer(&handOff, [3]) == .taken(drain: true))
    }

    @Test("Full means pause, and taking the batch says to resume")
    func pause() {
        var handOff = HandOff(limit: 4)
        #expect(offer(&handOff, [1, 2, 3, 4, 5]) == .taken(drain: true))
        #expect(offer(&handOff, [6]) == .pause)
        #expect(handOff.length == 5)
        #expect(handOff.take().mustResume)
        #expect(offer(&handOff, [6]) == .taken(drain: false))
    }

    @Test("Small receives share a buffer, so that they become one write")
    func coalesced() {
        var handOff = HandOff(limit: 1 << 20)
        for byte in 0..<100 { _ = offer(&handOff, [UInt8(byte)]) }
        #expect(handOff.buffers.count == 1)
        #expect(handOff.length == 100)
    }
}
