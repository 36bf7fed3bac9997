import DragonflyIdentity
import Testing

@Suite struct TaskIDVectorTests {
    @Test func thereAreVectors() {
        #expect(Vectors.all.taskIDs.count >= 154)
    }

    @Test(arguments: Vectors.all.taskIDs)
    func taskIDsAreThoseOfTheRequestSDK(vector: TaskIDVector) {
        #expect(taskID(of: vector.input)?.description == vector.expected, "\(vector.input)")
    }

    @Test(arguments: Vectors.all.taskIDs.filter { $0.canonical != nil })
    func canonicalURLsAreThoseOfTheRequestSDK(vector: TaskIDVector) throws {
        let canonical = try vector.input.identity(usesBlobDigest: false).canonicalURL
        // As bytes: Swift's `==` would let canonically equivalent texts pass.
        #expect(Array(canonical.utf8) == Array((vector.canonical ?? "").utf8), "\(canonical)")
    }

    @Test(arguments: Vectors.all.queries)
    func queriesAreFilteredAndSortedAsTheRequestSDKDoes(vector: QueryVector) {
        let filter = QueryFilter(vector.filter.names)
        let identity = try? TaskIdentity(url: vector.url, filter: filter, usesBlobDigest: false)
        #expect(identity?.canonicalURL == vector.expected)
    }

    @Test(arguments: Vectors.all.escapes)
    func parametersAreEscapedAsTheRequestSDKDoes(vector: EscapeVector) throws {
        let identity = try TaskIdentity(url: "https://h/f?k=\(percentEncoded(vector.input))")
        #expect(identity.canonicalURL == "https://h/f?k=\(vector.expected)")
    }

    @Test(arguments: Vectors.all.variants)
    func theVariantIsChosenInTheOrderOfTheRequestSDK(vector: VariantVector) {
        let identity = try? vector.input.identity(usesBlobDigest: vector.input.usesBlobDigest ?? true)
        #expect((identity == nil) == (vector.isError ?? false))
        guard let identity else { return }
        let names: [TaskIdentity.Variant: String] = [
            .content: "content", .blobDigest: "blob_digest", .manifestDigest: "manifest_digest", .url: "url",
        ]
        #expect(names[identity.variant] == vector.variant)
        if let expected = vector.expected { #expect(identity.taskID.description == expected) }
    }

    @Test func theDefaultFilterIsDragonflys() {
        #expect(QueryFilter.defaultNames == Vectors.all.defaultNames.value)
    }

    /// The vectors of a digest want that variant and no other.
    private func taskID(of input: IdentityInput) -> TaskID? {
        switch input.kind {
        case "blob_digest": Digest(blobURL: input.url ?? "").map { TaskID($0.encoded) }
        case "manifest_digest": Digest(manifestURL: input.url ?? "").map { TaskID($0.encoded) }
        default: try? input.identity(usesBlobDigest: false).taskID
        }
    }

    private func percentEncoded(_ text: String) -> String {
        text.utf8.map { "%" + ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
    }
}
