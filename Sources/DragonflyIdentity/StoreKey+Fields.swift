extension StoreKey {
    /// The fields that make up a store key. The numbers are written to disk by way of the keys: never reuse one.
    fileprivate enum Field: UInt8 {
        case variant = 1
        case name = 2
        case origin = 3
        case tag = 4
        case application = 5
        case revision = 6
        case pieceLength = 7
        case negotiatedName = 8
        case negotiatedValue = 9
        case target = 10
        case shared = 11
    }

    /// What a key names: a task, or what tasks of several URLs may have in common.
    struct Name {
        var variant: TaskIdentity.Variant
        /// The digest with its algorithm, or the content text; nil for a task that its URL names.
        var text: [UInt8]?
        /// `scheme://[user@]host[:port]`, or the raw text that is no URL. Nil: wherever the bytes come from.
        var origin: [UInt8]?
        /// See ``RequestTarget``. Nil: whatever path of the origin they come from.
        var target: [UInt8]?
        /// A name that tasks have in common, which is never the key of one.
        var isShared = false
    }

    /// SHA-256 over fields in the order of their numbers, each as
    ///
    ///     number: 1 byte | length of the value: 8 bytes, little-endian | value
    ///
    /// where the variant is 1 byte, the piece length 8 bytes, little-endian, and all else text. An absent field is not
    /// written, an empty one is. Negotiated fields are a name and its value by turns, ordered by name.
    init(_ name: Name, _ marks: TaskIdentity.Marks) {
        var fields: [UInt8] = []
        fields.reserveCapacity((name.target?.count ?? 0) + 240)
        fields.append(.variant, CollectionOfOne(name.variant.rawValue))
        fields.append(.name, name.text)
        fields.append(.origin, name.origin)
        fields.append(.tag, marks.tag?.utf8)
        fields.append(.application, marks.application?.utf8)
        fields.append(.revision, marks.revision?.utf8)
        if let length = marks.pieceLength {
            Swift.withUnsafeBytes(of: length.littleEndian) { fields.append(.pieceLength, $0) }
        }
        for (name, value) in marks.negotiated.sorted(by: { $0.key.utf8.lexicographicallyPrecedes($1.key.utf8) }) {
            fields.append(.negotiatedName, name.utf8)
            fields.append(.negotiatedValue, value.utf8)
        }
        fields.append(.target, name.target)
        if name.isShared { fields.append(.shared, CollectionOfOne(1)) }
        self.init(.sha256(of: fields))
    }
}

extension [UInt8] {
    fileprivate mutating func append(_ field: StoreKey.Field, _ value: (some Collection<UInt8>)?) {
        guard let value else { return }
        append(field.rawValue)
        Swift.withUnsafeBytes(of: UInt64(value.count).littleEndian) { append(contentsOf: $0) }
        append(contentsOf: value)
    }
}
