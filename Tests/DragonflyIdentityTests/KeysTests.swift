import DragonflyIdentity
import Testing

@Suite struct KeysTests {
    static let hex = "00112233445566778899aabbccddeeffFEDCBA98765432100123456789abcdef".lowercased()

    @Test func aStoreKeyIsItsBytesAndItsHex() throws {
        let key = try #require(StoreKey(hex: KeysTests.hex))
        #expect(key.hex == KeysTests.hex)
        let bytes = key.withUnsafeBytes { Array($0) }
        #expect(Array(bytes.prefix(3)) == [0x00, 0x11, 0x22])
        #expect(StoreKey(bytes: bytes) == key)
    }

    @Test(arguments: ["", "00", hex + "0", hex.uppercased(), "g" + hex.dropFirst(), "\u{E9}" + hex.dropFirst(2)])
    func anythingElseIsNoStoreKey(text: String) {
        #expect(StoreKey(hex: text) == nil)
        #expect(StoreKey(bytes: [UInt8](repeating: 1, count: 31)) == nil)
    }

    @Test func storeKeysAreOrderedLikeTheirBytes() throws {
        var generator = SystemRandomNumberGenerator()
        for _ in 0..<200 {
            // Few values, so that some pairs agree in their first words.
            let pair = (0..<2).map { _ in (0..<32).map { _ in UInt8(generator.next() % 2) * 255 } }
            let keys = try pair.map { try #require(StoreKey(bytes: $0)) }
            #expect((keys[0] < keys[1]) == pair[0].lexicographicallyPrecedes(pair[1]))
        }
    }

    @Test(arguments: ["", "a", hex, hex.uppercased(), String(repeating: "f", count: 128), "1475635037"])
    func aTaskIDIsItsText(text: String) {
        let id = TaskID(text)
        #expect(id.description == text)
        #expect(id.withUTF8 { Array($0) } == Array(text.utf8))
        #expect(TaskID(id.description) == id)
    }

    @Test func taskIDsAreComparedAsBytes() {
        #expect(TaskID(KeysTests.hex) != TaskID(KeysTests.hex.uppercased()))
        #expect(TaskID("\u{E9}") != TaskID("e\u{301}"))
    }

    @Test(arguments: Vectors.all.hostIDs)
    func hostIDsAreDragonflys(vector: HostIDVector) {
        let id = HostID(ip: vector.ip, hostname: vector.hostname, isSeedPeer: vector.isSeedPeer)
        #expect(id.description == vector.expected)
    }

    @Test func aPeerIDHoldsARandomUUIDOfVersion4() {
        let pattern = /10\.0\.0\.9-seed-0-[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}-seed/
        let ids = (0..<100).map { _ in PeerID(ip: "10.0.0.9", hostname: "seed-0", isSeedPeer: true) }
        #expect(ids.allSatisfy { $0.description.wholeMatch(of: pattern) != nil })
        #expect(Set(ids).count == 100)
        #expect(!PeerID(ip: "1.2.3.4", hostname: "h", isSeedPeer: false).description.hasSuffix("-seed"))
    }
}
