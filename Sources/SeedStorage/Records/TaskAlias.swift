import DragonflyIdentity
package import HTTPSemantics
package import SeedSupport

/// What the index holds under a key that leads to the bytes of another task.
package struct TaskAlias: Sendable, Equatable {
    /// The generation whose bytes these are. While the index has it, the alias holds.
    package var file: FileName
    /// The stored representation fields of this URL's own response; none for a name that tasks have in common.
    package var headers: HTTPFields
    /// When this URL's origin responded.
    package var fetchedAt: Timestamp

    package init(to file: FileName, headers: HTTPFields = [:], fetchedAt: Timestamp) {
        self.file = file
        self.headers = headers
        self.fetchedAt = fetchedAt
    }
}

/// Layout, version 1: numbered fields, as in a task's record.
extension TaskAlias {
    private static let version: UInt8 = 1
    /// Aliases of one generation, the shared name among them.
    static let mostPerTask = 64

    private enum Field {
        static let key: UInt16 = 1
        static let generation: UInt16 = 2
        static let headers: UInt16 = 3
        static let fetchedAt: UInt16 = 4
    }

    /// In the table of aliases. Longer than a task's key there, so that no salvaged alias is taken for a damaged task.
    static func tableKey(_ key: StoreKey) -> [UInt8] { [UInt8(ascii: "a")] + key.bytes }

    func encoded(for key: [UInt8]) -> [UInt8] {
        var fields = RecordFields()
        fields[Field.key] = file.key.bytes
        fields.put(Field.generation, file.generation)
        fields.put(Field.headers, headers)
        fields.put(Field.fetchedAt, fetchedAt)
        var writer = RecordWriter(version: Self.version, capacity: 128)
        fields.write(to: &writer)
        return writer.seal(key: key)
    }

    static func decode(_ value: [UInt8]?, key: [UInt8]) -> StoredRecord<TaskAlias> {
        RecordReader.read(value, key: key, version: version) { reader in
            guard let fields = RecordFields(&reader), let key = fields[Field.key].flatMap({ StoreKey(bytes: $0) }),
                let generation: UInt64 = fields.integer(Field.generation),
                let headers = fields.headerFields(Field.headers), let fetchedAt = fields.time(Field.fetchedAt)
            else { return nil }
            return TaskAlias(
                to: FileName(key: key, generation: generation), headers: headers, fetchedAt: fetchedAt)
        }
    }
}
