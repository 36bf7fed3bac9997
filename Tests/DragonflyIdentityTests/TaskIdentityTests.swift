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

    @Test func tasksNamedByDigestOrContentAreKeptPerOrigin() throws {
        let here = try TaskIdentity(url: TaskIdentityTests.blob)
        let there = try TaskIdentity(url: "https://other.example/v2/b/blobs/sha256:\(TaskIdentityTests.hash)")
        let sameOrigin = try TaskIdentity(
            url: "https://u:p@R.example:443/v2/zzz/blobs/sha256:\(TaskIdentityTests.hash)?ns=x")
        #expect(here.taskID == there.taskID)
        #expect(here.storeKey != there.storeKey)
        #expect(here.storeKey == sameOrigin.storeKey)
        let first = try TaskIdentity(url: "https://a/f", content: "x")
        let second = try TaskIdentity(url: "https://b/f", content: "x")
        #expect(first.taskID == second.taskID && first.storeKey != second.storeKey)
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
    /// were computed apart from this code, from the layout that `StoreKey.init(variant:name:origin:marks:)` documents.
    @Test func storeKeysNeverDrift() throws {
        let plain = try TaskIdentity(url: "https://example.com/file.txt")
        #expect(plain.storeKey.hex == Golden.plain)
        let marks = TaskIdentity.Marks(
            tag: "t", application: "", revision: "r1", pieceLength: 4_194_304,
            negotiated: ["accept": "application/json", "x-variant": "b"])
        #expect(try TaskIdentity(url: "https://example.com/f?b=1&a=2", marks: marks).storeKey.hex == Golden.marked)
        #expect(try TaskIdentity(url: TaskIdentityTests.blob).storeKey.hex == Golden.blob)
        #expect(try TaskIdentity(url: "https://example.com/f", content: "x").storeKey.hex == Golden.content)
    }

    @Test(arguments: [
        ("https://h/f", ""),
        ("https://h/f?versionId=3", ""),
        ("https://h/f?ns=docker.io&Signature=a%2Bb&x=1&Expires=5", "Signature=a%2Bb&Expires=5"),
        ("https://h/f?%53ignature=a", "%53ignature=a"),
        ("https://h/f?token=1;2&x=1", "token=1;2"),
        ("https://h/f?ns=a", ""),
        ("\(blob)?token=a&ns=b", "token=a"),
    ])
    func whatMayProveARightAndIsNotInTheKeyIsNamed(url: String, proof: String) throws {
        let identity = try TaskIdentity(url: url)
        #expect(String(decoding: identity.credentialParameters, as: UTF8.self) == proof)
        #expect(identity.carriesCredentialParameters == !proof.isEmpty)
    }

    @Test func userInfoProvesARightToATaskNamedByDigest() throws {
        let url = "https://u:p@r.example/v2/a/blobs/sha256:\(TaskIdentityTests.hash)"
        #expect(try TaskIdentity(url: url).carriesCredentialParameters)
        #expect(try !TaskIdentity(url: "https://u:p@h/f").carriesCredentialParameters)
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
    static let plain = "7f8d9ec945cfeb22e6c34d2d27c302280898d3018faaa3ffc62e95c44807cccf"
    static let marked = "1662edca580efb8f57a415c61d5328170d870720c9764fd26fb553ee360dd286"
    static let blob = "40fc0fbb81dae232fdcea86a24d865af2113a54ffce847fe52764c48b161ffec"
    static let content = "40d51514356ac0d56acafde7b87448f7fd2547400cdc5f245d3e6405e044cbd7"
}
