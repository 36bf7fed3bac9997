import DragonflyIdentity
import Testing

@Suite struct TaskIdentityTests {
    static let hash = "b2c366cce7e68013d5441c6326d5a3e1b12aeb5ed58564d0fd3fa089bc29cb6e"
    static let blob = "https://r.example/v2/a/blobs/sha256:\(hash)"

    @Test func theStoreKeyTellsApartWhatTheWireIDJoins() throws {
        let left = try TaskIdentity(url: "https://h/f", marks: .init(tag: "ab"))
        let right = try TaskIdentity(url: "https://h/f", marks: .init(tag: "a", application: "b"))
        #expect(left.taskID == right.taskID)
        #expect(left.storeKey != right.storeKey)
    }

    @Test func absentAndEmptyMarksAreDifferentTasks() throws {
        let marks: [TaskIdentity.Marks] = [
            .init(), .init(tag: ""), .init(application: ""), .init(revision: ""), .init(tag: "", application: ""),
            .init(negotiated: ["accept": ""]), .init(pieceLength: 0),
        ]
        let keys = try marks.map { try TaskIdentity(url: "https://h/f", marks: $0).storeKey }
        #expect(Set(keys).count == marks.count)
    }

    @Test func tasksNamedByDigestOrContentAreKeptPerURL() throws {
        let here = try TaskIdentity(url: TaskIdentityTests.blob)
        let spelled = try TaskIdentity(
            url: "https://R.example:443/v2/%61/blobs/sha256:\(TaskIdentityTests.hash)?ns=x")
        #expect(here.storeKey == spelled.storeKey && here.sharedName == spelled.sharedName)
        for url in [
            "https://r.example/v2/b/blobs", "https://other.example/v2/a/blobs", "https://u:p@r.example/v2/a/blobs",
        ] {
            let there = try TaskIdentity(url: "\(url)/sha256:\(TaskIdentityTests.hash)")
            #expect(here.taskID == there.taskID && here.storeKey != there.storeKey)
            #expect(here.sharedName == there.sharedName && here.sharedName?.proof == .digest)
        }
        #expect(try TaskIdentity(url: "https://h/f").sharedName == nil)
    }

    @Test func aTextMeansTheSameAtOneOriginOnly() throws {
        let first = try TaskIdentity(url: "https://a/f", content: "x")
        let path = try TaskIdentity(url: "https://a/g", content: "x")
        let origin = try TaskIdentity(url: "https://b/f", content: "x")
        #expect(Set([first.taskID, path.taskID, origin.taskID]).count == 1)
        #expect(Set([first.storeKey, path.storeKey, origin.storeKey]).count == 3)
        #expect(first.sharedName == path.sharedName && first.sharedName?.proof == .validator)
        #expect(first.sharedName != origin.sharedName)
        let marked = try TaskIdentity(url: "https://a/g", marks: .init(tag: "t"), content: "x")
        #expect(marked.sharedName != first.sharedName)
    }

    @Test func aTrustedTextIsOneTaskAtAllPathsOfAnOrigin() throws {
        func identity(_ url: String) throws -> TaskIdentity {
            try TaskIdentity(
                url: url, marks: .init(), filter: .default, content: "x", usesBlobDigest: true, trustsContent: true)
        }
        #expect(try identity("https://a/f").storeKey == identity("https://A:443/g?y=1").storeKey)
        #expect(try identity("https://a/f").storeKey != identity("https://b/f").storeKey)
        #expect(try identity("https://a/f").storeKey != TaskIdentity(url: "https://a/f", content: "x").storeKey)
        #expect(try identity("https://a/f").sharedName == nil)
        // What untrusted texts have in common is not the key of a trusted one.
        #expect(try identity("https://a/f").storeKey != TaskIdentity(url: "https://a/f", content: "x").sharedName?.key)
        #expect(try identity("https://a/f?y=1&ns=2").credentialParameters.elementsEqual("y=1".utf8))
    }

    @Test func digestsThatProveNothingAreNotShared() throws {
        #expect(try TaskIdentity(url: "https://r/v2/a/blobs/crc32:123").sharedName == nil)
        let odd = String(repeating: "z", count: 64)
        #expect(try TaskIdentity(url: "https://r/v2/a/blobs/sha256:\(odd)").sharedName == nil)
        let long = TaskIdentityTests.hash + TaskIdentityTests.hash
        let lower = try TaskIdentity(url: "https://r/v2/a/blobs/sha512:\(long)")
        let upper = try TaskIdentity(url: "https://q/v2/b/blobs/sha512:\(long.uppercased())")
        #expect(lower.sharedName != nil && lower.sharedName == upper.sharedName)
    }

    @Test func contentNeedsNoURL() throws {
        let identity = try TaskIdentity(url: "no URL", content: "x")
        #expect(identity.variant == .content)
        #expect(identity.canonicalURL == "no URL")
    }

    /// Each with what the SDK from 1.9.0 and the dfdaemon from 1.5.5 make of it.
    @Test(arguments: [
        ("http://h", "http://h"), ("http://h/", "http://h/"), ("http://h//", "http://h//"), ("http://H:80", "http://h"),
        ("http://h?b=1&a=2", "http://h?a=2&b=1"), ("http://h/?b=1&a=2", "http://h/?a=2&b=1"),
        ("http://h?ns=x", "http://h"),
        ("http://h/?ns=x", "http://h/"), ("http://h#f/", "http://h#f/"), ("http://h/#//", "http://h/#//"),
        ("http://h?u=a/b", "http://h?u=a%2Fb"), ("http://h/..", "http://h/"), ("http://h\\a\\b", "http://h"),
        ("http:h/a", "http://h/a"), ("http:h?u=a://b", "http://h?u=a%3A%2F%2Fb"),
        ("http://u@h:8080", "http://u@h:8080"),
        ("s3://bucket", "s3://bucket"), ("s3://bucket/", "s3://bucket/"),
    ])
    func aPathThatWasLeftOutStaysOut(url: String, canonical: String) throws {
        #expect(try TaskIdentity(url: url).canonicalURL == canonical)
        #expect(try TaskIdentity(url: url).taskID == TaskIdentity(url: canonical, filter: QueryFilter([])).taskID)
        #expect(try TaskIdentity(url: url, content: "x").canonicalURL == canonical)
    }

    /// The layout of the key's input is on disks: when this test fails, the change is wrong, not the test. The values
    /// were computed apart from this code, from the layout that `StoreKey.init(_:_:)` documents.
    @Test func storeKeysNeverDrift() throws {
        let plain = try TaskIdentity(url: "https://example.com/file.txt")
        #expect(plain.storeKey.hex == Golden.plain)
        let marks = TaskIdentity.Marks(
            tag: "t", application: "", revision: "r1", pieceLength: 4_194_304,
            negotiated: ["accept": "application/json", "x-variant": "b"])
        #expect(try TaskIdentity(url: "https://example.com/f?b=1&a=2", marks: marks).storeKey.hex == Golden.marked)
        #expect(try TaskIdentity(url: TaskIdentityTests.blob).storeKey.hex == Golden.blob)
        #expect(try TaskIdentity(url: TaskIdentityTests.blob).sharedName?.key.hex == Golden.sharedBlob)
        #expect(try TaskIdentity(url: "https://example.com/f", content: "x").storeKey.hex == Golden.content)
        let trusted = try TaskIdentity(
            url: "https://example.com/f", marks: .init(), filter: .default, content: "x", usesBlobDigest: true,
            trustsContent: true)
        #expect(trusted.storeKey.hex == Golden.trustedContent)
    }

    @Test(arguments: [
        ("https://h/f", ""),
        ("https://h/f?versionId=3", ""),
        ("https://h/f?ns=docker.io&Signature=a%2Bb&x=1&Expires=5", "Signature=a%2Bb&Expires=5"),
        ("https://h/f?%53ignature=a", "%53ignature=a"),
        ("https://h/f?token=1;2&x=1", ""),
        ("https://h/f?ns=a", ""),
        ("\(blob)?token=a&ns=b", ""),
        ("\(blob)?Signature=a&ns=b", "Signature=a"),
    ])
    func whatMayProveARightAndIsNotInTheKeyIsNamed(url: String, proof: String) throws {
        let identity = try TaskIdentity(url: url)
        #expect(String(decoding: identity.credentialParameters, as: UTF8.self) == proof)
        #expect(identity.carriesCredentialParameters == !proof.isEmpty)
    }

    @Test func unsafeDigestsAndPieceLengthsAreNotServed() throws {
        let odd = String(repeating: "z", count: 64)
        let digest = try TaskIdentity(url: "https://r/v2/a/blobs/sha256:\(odd)")
        #expect(digest.taskID.description == odd)
        #expect(throws: IdentityError.digestNotHexadecimal("sha256:\(odd)")) { try digest.validateForServing() }
        for length: UInt64 in [0, 4_194_303, 67_108_865, .max] {
            let identity = try TaskIdentity(url: "https://h/f", marks: .init(pieceLength: length))
            #expect(throws: IdentityError.pieceLengthOutOfRange(length)) { try identity.validateForServing() }
        }
        for length: UInt64 in [4_194_304, 5_000_000, 67_108_864] {
            try TaskIdentity(url: "https://h/f", marks: .init(pieceLength: length)).validateForServing()
        }
        try TaskIdentity(url: TaskIdentityTests.blob).validateForServing()
    }
}

private enum Golden {
    static let plain = "7918d6de26dfa3fefe624cbeeccd686d09a5ecad0c09660a7853b46ab255029d"
    static let marked = "f9e04623596e53cf2e4a70f471c83bbd41a641a4417f0154df28a477141d689a"
    static let blob = "8494fc23272a349df92404c4b91e397106bd52560d784f8318b7464f04f19a27"
    static let sharedBlob = "9222706fff8f659507a9e0a508bf9a3b72acc4dc20229f0c324f5c8f38472fd6"
    static let content = "c34d43ccc3f4b122e96ebd96ed509e9d63659dab6b1ca34e09bdc9763c489acd"
    static let trustedContent = "40d51514356ac0d56acafde7b87448f7fd2547400cdc5f245d3e6405e044cbd7"
}
