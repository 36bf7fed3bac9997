/// A name that a client gave to an object, apart from its URL. Anyone who may put objects on an origin can use any name for
/// them, so a name is bound to its URL until something proves that another URL means the same bytes.
package struct SharedName: Hashable, Sendable {
    package enum Proof: Hashable, Sendable {
        /// The bytes were compared with the digest in the name: the same everywhere.
        case digest
        /// Both responses have the same strong validator and length. It means something at one origin only.
        case validator
    }

    /// In the store's index, beside the keys of tasks.
    package let key: StoreKey
    package let proof: Proof

    package init(key: StoreKey, proof: Proof) {
        self.key = key
        self.proof = proof
    }

    /// Nil for a digest that bytes can't be compared with: it proves nothing.
    init?(
        _ variant: TaskIdentity.Variant, _ name: [UInt8], _ digest: Digest?, _ origin: [UInt8],
        _ marks: TaskIdentity.Marks
    ) {
        guard let digest else {
            let shared = StoreKey.Name(variant: variant, text: name, origin: origin, isShared: true)
            self.init(key: StoreKey(shared, marks), proof: .validator)
            return
        }
        guard let comparable = digest.comparable else { return nil }
        let text = Array(comparable.description.utf8)
        self.init(key: StoreKey(.init(variant: variant, text: text, isShared: true), marks), proof: .digest)
    }
}
