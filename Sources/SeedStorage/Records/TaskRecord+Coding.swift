import DragonflyIdentity
import HTTPSemantics

/// Layout, version 2: flags u32, generation u64, content length, piece length, created, fetched i64 (the times
/// in ms since 1970); wire id, URL
/// (length u32 + bytes); tag, application, ETag, Last-Modified (presence u8, then the same); number of fields u32,
/// each name + value; digest (as tag). Version 1 had no digest.
extension TaskRecord {
    private static let version: UInt8 = 2

    func encoded(for key: [UInt8]) -> [UInt8] {
        var writer = RecordWriter(version: Self.version, capacity: 512)
        writer.put(flags.rawValue)
        writer.put(generation)
        writer.put(contentLength)
        writer.put(pieceLength)
        writer.put(createdAt)
        writer.put(fetchedAt)
        writer.put(wireID.description)
        writer.put(url)
        for text in [tag, application, etag, lastModified] { writer.put(text) }
        writer.put(UInt32(headers.count))
        for field in headers {
            writer.put(field.name.rawName)
            // The value as bytes: a field may hold octets that are not UTF-8.
            field.withUnsafeBytesOfValue { writer.put($0) }
        }
        writer.put(digest)
        return writer.seal(key: key)
    }

    static func decode(_ value: [UInt8]?, key: StoreKey) -> StoredRecord<TaskRecord> {
        RecordReader.read(value, key: key.bytes, version: version) { TaskRecord(&$0, key: key) }
    }

    private init?(_ reader: inout RecordReader, key: StoreKey) {
        guard let flags: UInt32 = reader.integer(), let generation: UInt64 = reader.integer(),
            let contentLength: Int64 = reader.integer(), let pieceLength: Int64 = reader.integer(),
            let createdAt = reader.time(), let fetchedAt = reader.time(),
            let wireID = reader.text(), let url = reader.text(),
            let tag = reader.optionalText(), let application = reader.optionalText(),
            let etag = reader.optionalText(), let lastModified = reader.optionalText(),
            let headers = reader.fields(), let digest = reader.isAtEnd ? .some(nil) : reader.optionalText(),
            contentLength >= 0, (1...BlockGrid.longestPiece).contains(pieceLength),
            PieceLayout(contentLength: contentLength, pieceLength: pieceLength).pieceCount <= PieceName.mostPieces
        else { return nil }
        self.init(
            key: key, wireID: TaskID(wireID), generation: generation, contentLength: contentLength,
            pieceLength: pieceLength, etag: etag, lastModified: lastModified, headers: headers, url: url, tag: tag,
            application: application, createdAt: createdAt, fetchedAt: fetchedAt, flags: TaskFlags(rawValue: flags),
            digest: digest)
    }
}

extension RecordReader {
    fileprivate mutating func fields() -> HTTPFields? {
        guard let count: UInt32 = integer() else { return nil }
        var fields = HTTPFields()
        for _ in 0..<count {
            guard let text = text(), let name = HTTPField.Name(text), let value = run() else { return nil }
            fields.append(HTTPField(name: name, lenientValue: value))
        }
        return fields
    }
}
