import SeedSupport
import Testing

@Suite struct DigestTests {
    private func hex(_ bytes: [UInt8]) -> String {
        bytes.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
    }

    /// FIPS 180-2 and RFC 1321 give these for "abc".
    @Test func knownDigests() {
        #expect(hex(Digests.digest(.md5, of: "abc".utf8)) == "900150983cd24fb0d6963f7d28e17f72")
        #expect(
            hex(Digests.digest(.sha256, of: "abc".utf8))
                == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad")
        #expect(hex(Digests.digest(.sha512, of: "abc".utf8)).hasPrefix("ddaf35a193617abacc417349ae204131"))
        #expect(hex(Digests.digest(.sha256, of: [])).hasPrefix("e3b0c44298fc1c149afbf4c8996fb924"))
    }

    @Test(arguments: HashAlgorithm.allCases) func piecesGiveTheDigestOfTheWhole(_ algorithm: HashAlgorithm) {
        var rolling = RollingDigest(algorithm)
        for piece in ["a", "", "bc"] { rolling.update(Bytes(piece)) }
        #expect(rolling.value == Digests.digest(algorithm, of: "abc".utf8))
        #expect(rolling.value.count == algorithm.length)
    }

    @Test func aCopyGoesOnByItself() {
        var one = RollingDigest(.sha256)
        one.update(Bytes("a"))
        var other = one
        one.update(Bytes("bc"))
        other.update(Bytes("xy"))
        #expect(one.value == Digests.digest(.sha256, of: "abc".utf8))
        #expect(other.value == Digests.digest(.sha256, of: "axy".utf8))
        other.update(Bytes("z"))
        #expect(other.value == Digests.digest(.sha256, of: "axyz".utf8))
    }

    /// RFC 4231, test case 2.
    @Test func keyedDigest() {
        let code = Digests.hmac(.sha256, key: "Jefe".utf8, of: "what do ya want for nothing?".utf8)
        #expect(hex(code) == "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843")
        #expect(Digests.hmac(.sha256, key: [], of: []).count == 32)
    }

    @Test func randomBytesDiffer() {
        #expect(Digests.randomBytes(16) != Digests.randomBytes(16))
        #expect(Digests.randomBytes(0).isEmpty)
    }

    @Test func threadsHashBesideEachOther() {
        let results = Lock<[[UInt8]]>([])
        let threads = (0..<4).map { number in
            PlatformThread(name: "hash-\(number)") {
                for _ in 0..<1_000 {
                    let digest = Digests.digest(.sha256, of: "abc".utf8)
                    results.withLock { if $0.last != digest { $0.append(digest) } }
                }
            }
        }
        for thread in threads { thread.join() }
        #expect(results.withLock { $0.count } == 1)
    }
}
