import SeedSupport
import Testing

@Suite struct BytesTests {
    @Test func slicesShareMemory() {
        let bytes = Bytes("0123456789")
        let middle = bytes.slice(at: 2, count: 5).slice(at: 1, count: 3)
        #expect(String(decoding: middle, as: UTF8.self) == "345")
        #expect(middle.unowned.baseAddress == bytes.unowned.baseAddress.map { $0 + 3 })
        #expect(Array(bytes.suffix(from: 8)) == Array("89".utf8))
        #expect(bytes.suffix(from: 10).isEmpty)
    }

    @Test func comparesAndHashesWhatItHolds() {
        let one = Bytes("xabc").suffix(from: 1)
        let other = Bytes([UInt8(ascii: "a"), UInt8(ascii: "b"), UInt8(ascii: "c")])
        #expect(one == other)
        #expect(one.hashValue == other.hashValue)
        #expect(one != Bytes("abd"))
        #expect(one != Bytes("ab"))
        #expect(Bytes() == Bytes(""))
        #expect(Set([one, other, Bytes()]).count == 2)
    }

    @Test func isACollectionOfOctets() {
        let bytes = Bytes([0, 255, 128])
        #expect(bytes[1] == 255)
        #expect(bytes.firstIndex(of: 128) == 2)
        #expect(bytes.map { Int($0) }.reduce(0, +) == 383)
    }

    @Test func aFailureToFillLeavesNothing() {
        #expect(throws: Errno(5)) {
            _ = try Bytes(unsafeUninitializedCapacity: 10) { _ throws(Errno) in throw Errno(5) }
        }
    }
}

@Suite struct ByteBuilderTests {
    @Test func becomesBytesWithoutACopy() {
        var builder = ByteBuilder(capacity: 64)
        builder.append("head")
        builder.append(UInt8(ascii: " "))
        builder.append(Bytes("body"))
        builder.append([UInt8(ascii: "!")])
        let place = builder.bytes.unowned.baseAddress
        let bytes = builder.take()
        #expect(bytes.description == "head body!")
        #expect(bytes.unowned.baseAddress == place)
        #expect(builder.isEmpty && builder.capacity == 0)
    }

    @Test func memoryInOtherHandsIsNeverWritten() {
        var builder = ByteBuilder(capacity: 64)
        builder.append("first")
        let first = builder.bytes
        builder.append(" second")
        #expect(first.description == "first")
        #expect(builder.bytes.description == "first second")
        builder.removeAll()
        builder.append("third")
        #expect(first.description == "first")
        #expect(builder.bytes.description == "third")
    }

    @Test func ownMemoryIsUsedAgain() {
        var builder = ByteBuilder(capacity: 64)
        builder.append("first")
        let place = builder.withUnsafeBytes { $0.baseAddress }
        builder.removeAll()
        builder.append("again")
        #expect(builder.withUnsafeBytes { $0.baseAddress } == place)
    }

    @Test func aSharedCopyOfABuilderIsNotWritten() {
        var one = ByteBuilder("one")
        var other = one
        one.append("!")
        other.append("?")
        #expect(one.bytes.description == "one!")
        #expect(other.bytes.description == "one?")
    }

    @Test func growsAsNeeded() {
        var builder = ByteBuilder()
        for _ in 0..<10_000 { builder.append("0123456789") }
        #expect(builder.count == 100_000)
        #expect(builder.slice(at: 99_990, count: 10).description == "0123456789")
        builder.truncate(to: 5)
        #expect(builder.bytes.description == "01234")
    }
}

@Suite struct FIFOTests {
    @Test func keepsTheOrderWhileItGrowsAndWraps() {
        var queue = FIFO<Int>()
        var (next, expected) = (0, 0)
        for round in 0..<200 {
            for _ in 0..<(round % 7 + 1) {
                queue.append(next)
                next += 1
            }
            for _ in 0..<(round % 5) where !queue.isEmpty {
                #expect(queue.first == expected)
                #expect(queue.popFirst() == expected)
                expected += 1
            }
        }
        #expect(Array(queue) == Array(expected..<next))
        queue.replaceFirst(with: -1)
        #expect(queue.popFirst() == -1)
        queue.removeAll()
        #expect(queue.popFirst() == nil)
        #expect(queue.first == nil)
    }

    @Test func letsGoOfWhatWasTaken() {
        final class Thing {}
        var queue = FIFO<Thing>()
        weak var taken: Thing?
        do {
            let thing = Thing()
            taken = thing
            queue.append(thing)
            _ = queue.popFirst()
        }
        #expect(taken == nil)
    }
}
