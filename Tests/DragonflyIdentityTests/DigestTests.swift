import DragonflyIdentity
import Testing

@Suite struct DigestTests {
    @Test(arguments: Vectors.all.digests)
    func digestsAreReadAsTheRequestSDKReadsThem(vector: DigestVector) throws {
        switch (vector.op, vector.input) {
        case ("extract_from_blob_url", .text(let url)), ("blob_url", .text(let url)):
            #expect(parts(Digest(blobURL: url)) == vector.parts, "\(url)")
        case ("extract_from_manifest_url", .text(let url)):
            #expect(parts(Digest(manifestURL: url)) == vector.parts, "\(url)")
        case ("is_manifest_digest_url", .text(let url)):
            #expect((Digest(manifestURL: url) != nil) == vector.flag, "\(url)")
        case ("is_blob_url", .text(let url)):
            #expect(isBlobURL(url) == vector.flag, "\(url)")
        case ("parse", .text(let text)):
            #expect(parts(Digest(text)) == vector.parts, "\(text)")
        case ("algorithm_from_str", .text(let name)):
            #expect((Digest.Algorithm(rawValue: name) != nil) == (vector.expected != nil))
        case ("display", .parts(let parts)):
            let algorithm = try #require(Digest.Algorithm(rawValue: parts.algorithm))
            let digest = Digest(algorithm: algorithm, encoded: parts.encoded)
            #expect(digest.description == vector.text)
        default:
            Issue.record("no test knows the vector \(vector)")
        }
        if vector.op == "blob_url", case .text(let url) = vector.input { #expect(isBlobURL(url) == vector.isBlobURL) }
    }

    @Test(arguments: [
        ("https://r/v2/a/blobs/x/blobs/", "x/blobs/"),
        ("https://r/v2/a/blobs/x/blobs/?q", "x/blobs/"),
        ("https://r/v2/a/blobs/x?q/blobs/?z", "x"),
        ("https://r/v2/a/blobs/x\ny", "x\ny"),
    ])
    func theLastMarkerThatIsFollowedBySomethingCounts(url: String, reference: String) {
        #expect(refusedReference(url) == reference)
    }

    @Test(arguments: [
        "https://r/v2/a/blobs/?q", "https://r\n/v2/a/blobs/x", "https://r/v2/a/blobs/x?\n", "://v2/a/blobs/x",
    ])
    func otherURLsAreNoBlobs(url: String) {
        #expect(refusedReference(url) == nil)
    }

    @Test func digestsDifferWhenTheirBytesDo() {
        let composed = Digest(algorithm: .crc32, encoded: "\u{E9}")
        let decomposed = Digest(algorithm: .crc32, encoded: "e\u{301}")
        #expect(composed != decomposed)
        #expect(Set([composed, decomposed]).count == 2)
    }

    private func isBlobURL(_ url: String) -> Bool {
        Digest(blobURL: url) != nil || refusedReference(url) != nil
    }

    /// What stands where a digest should, in a blob URL that is refused for it.
    private func refusedReference(_ url: String) -> String? {
        do throws(IdentityError) {
            _ = try TaskIdentity(url: url)
            return nil
        } catch .unacceptableDigest(let reference) {
            return reference
        } catch {
            return nil
        }
    }

    private func parts(_ digest: Digest?) -> DigestVector.Parts? {
        digest.map { DigestVector.Parts(algorithm: $0.algorithm.rawValue, encoded: $0.encoded) }
    }
}

extension DigestVector {
    fileprivate var parts: Parts? {
        if case .parts(let parts) = expected { parts } else { nil }
    }

    fileprivate var flag: Bool? {
        if case .flag(let flag) = expected { flag } else { nil }
    }

    fileprivate var text: String? {
        if case .text(let text) = expected { text } else { nil }
    }
}
