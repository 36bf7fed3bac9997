extension StructuredField {
    /// Reads a field whose value is one item.
    package static func item(_ octets: some Collection<UInt8>) throws(Malformed) -> Item {
        var reader = StructuredFieldReader(octets)
        return try reader.whole { (reader) throws(Malformed) in try reader.item() }
    }

    /// Reads a field whose value is a list. An empty one has no members.
    package static func list(_ octets: some Collection<UInt8>) throws(Malformed) -> [Member] {
        var reader = StructuredFieldReader(octets)
        return try reader.whole { (reader) throws(Malformed) in try reader.list() }
    }

    /// Reads a field whose value is a dictionary. An empty one has no members.
    package static func dictionary(_ octets: some Collection<UInt8>) throws(Malformed) -> Members<Member> {
        var members = Members<Member>()
        for (key, member) in try entries(octets) { members[key] = member }
        return members
    }

    /// All entries of a dictionary, also those whose key comes again.
    ///
    /// - Parameter keysInAnyCase: takes keys with capitals for the same ones without, where senders are known to write
    ///   them.
    package static func entries(
        _ octets: some Collection<UInt8>, keysInAnyCase: Bool = false
    ) throws(Malformed) -> [(key: String, member: Member)] {
        var reader = StructuredFieldReader(octets, keysInAnyCase: keysInAnyCase)
        return try reader.whole { (reader) throws(Malformed) in try reader.dictionary() }
    }
}

extension HTTPFields {
    /// All lines of a field as one list; nil if it is malformed. Without such a field the list is empty.
    package func structuredList(_ name: HTTPField.Name) -> [StructuredField.Member]? {
        try? StructuredField.list(joined(name))
    }

    /// All lines of a field as one dictionary; nil if it is malformed. Without such a field it is empty.
    package func structuredDictionary(_ name: HTTPField.Name) -> StructuredField.Members<StructuredField.Member>? {
        try? StructuredField.dictionary(joined(name))
    }

    private func joined(_ name: HTTPField.Name) -> [UInt8] {
        self[content: name]?.octets ?? []
    }
}
