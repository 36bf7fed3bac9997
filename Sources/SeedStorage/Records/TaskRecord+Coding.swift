import DragonflyIdentity
import HTTPSemantics

/// Layout, version 3: numbered fields. Flags are u32, counters u64, lengths and times (in ms since 1970) i64, texts as they
/// are, header fields as `RecordFields` writes them, keys 32 bytes each.
extension TaskRecord {
    private static let version: UInt8 = 3

    /// Written to disk: never give a number a second meaning.
    private enum Field {
        static let flags: UInt16 = 1
        static let generation: UInt16 = 2
        static let contentLength: UInt16 = 3
        static let pieceLength: UInt16 = 4
        static let createdAt: UInt16 = 5
        static let fetchedAt: UInt16 = 6
        static let wireID: UInt16 = 7
        static let url: UInt16 = 8
        static let tag: UInt16 = 9
        static let application: UInt16 = 10
        static let etag: UInt16 = 11
        static let lastModified: UInt16 = 12
        static let headers: UInt16 = 13
        static let digest: UInt16 = 14
        static let target: UInt16 = 15
        static let varyingFields: UInt16 = 16
        static let firstLink: UInt16 = 17
        static let firstLinkFields: UInt16 = 18
        static let chainEndsAt: UInt16 = 19
        static let sharedKey: UInt16 = 20
        static let aliases: UInt16 = 21

        static let known = Set(flags...aliases)
    }

    func encoded(for key: [UInt8]) -> [UInt8] {
        var fields = RecordFields()
        fields.put(Field.flags, flags.rawValue)
        fields.put(Field.generation, generation)
        fields.put(Field.contentLength, contentLength)
        fields.put(Field.pieceLength, pieceLength)
        fields.put(Field.createdAt, createdAt)
        fields.put(Field.fetchedAt, fetchedAt)
        fields.put(Field.wireID, wireID.description)
        fields.put(Field.url, url)
        fields.put(Field.tag, tag)
        fields.put(Field.application, application)
        fields.put(Field.etag, etag)
        fields.put(Field.lastModified, lastModified)
        fields.put(Field.headers, headers)
        fields.put(Field.digest, digest)
        fields.put(Field.target, target)
        fields.put(Field.varyingFields, varyingFields)
        if let redirect {
            fields.put(Field.firstLink, UInt16(clamping: redirect.firstStatus))
            fields.put(Field.firstLinkFields, redirect.firstFields)
            fields.put(Field.chainEndsAt, redirect.endsAt)
        }
        fields[Field.sharedKey] = sharedKey?.bytes
        if !aliases.isEmpty { fields[Field.aliases] = aliases.flatMap(\.bytes) }
        fields.add(unknownFields)
        var writer = RecordWriter(version: Self.version, capacity: 512)
        fields.write(to: &writer)
        return writer.seal(key: key)
    }

    static func decode(_ value: [UInt8]?, key: StoreKey) -> StoredRecord<TaskRecord> {
        RecordReader.read(value, key: key.bytes, version: version) { reader in
            RecordFields(&reader).flatMap { TaskRecord($0, key: key) }
        }
    }

    private init?(_ fields: RecordFields, key: StoreKey) {
        guard let flags: UInt32 = fields.integer(Field.flags),
            let generation: UInt64 = fields.integer(Field.generation),
            let contentLength: Int64 = fields.integer(Field.contentLength), contentLength >= 0,
            let pieceLength: Int64 = fields.integer(Field.pieceLength),
            (1...BlockGrid.longestPiece).contains(pieceLength),
            PieceLayout(contentLength: contentLength, pieceLength: pieceLength).pieceCount <= PieceName.mostPieces,
            let createdAt = fields.time(Field.createdAt), let fetchedAt = fields.time(Field.fetchedAt),
            let wireID = fields.text(Field.wireID), let url = fields.text(Field.url),
            let headers = fields.headerFields(Field.headers),
            let varyingFields = fields.headerFields(Field.varyingFields),
            let firstFields = fields.headerFields(Field.firstLinkFields),
            let aliases = StoreKey.list(fields[Field.aliases] ?? [])
        else { return nil }
        self.init(
            key: key, wireID: TaskID(wireID), generation: generation, contentLength: contentLength,
            pieceLength: pieceLength, etag: fields.text(Field.etag), lastModified: fields.text(Field.lastModified),
            headers: headers, url: url, target: fields.text(Field.target), tag: fields.text(Field.tag),
            application: fields.text(Field.application), createdAt: createdAt, fetchedAt: fetchedAt,
            flags: TaskFlags(rawValue: flags), digest: fields.text(Field.digest),
            sharedKey: fields[Field.sharedKey].flatMap { StoreKey(bytes: $0) })
        self.varyingFields = varyingFields
        self.aliases = aliases
        if let status: UInt16 = fields.integer(Field.firstLink) {
            redirect = StoredRedirect(
                firstStatus: Int(status), firstFields: firstFields, endsAt: fields.time(Field.chainEndsAt))
        }
        unknownFields = fields.others(than: Field.known)
    }
}

extension StoreKey {
    /// Keys one after another; nil if the last is cut off.
    fileprivate static func list(_ bytes: [UInt8]) -> [StoreKey]? {
        guard bytes.count.isMultiple(of: 32) else { return nil }
        return stride(from: 0, to: bytes.count, by: 32).compactMap { StoreKey(bytes: bytes[$0..<($0 + 32)]) }
    }
}
