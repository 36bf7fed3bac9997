// The fields that are kept with an object.

extension HTTPFields {
    /// Whether they are few and short enough to be kept.
    package var mayBeKept: Bool {
        count <= MessageLimits.storedFields && lineBytes <= MessageLimits.storedHead
    }

    /// Bytes of these fields as lines of a head.
    private var lineBytes: Int { reduce(0) { $0 + $1.lineBytes } }

    /// These fields, with those that a 304 told anew in their place (RFC 9111 §3.2). New names are left out if the
    /// total would be too large. Fields that decide how long and for whom the object may be stored are never left out:
    /// the last of the others make room for them. So the result exceeds `mayBeKept` only if those fields, or the
    /// replaced values, do.
    package func updated(by newer: HTTPFields) -> HTTPFields {
        var told = Dictionary(
            grouping: newer.lazy.filter { $0.name != .contentEncoding && $0.name != .contentType }, by: \.name)
        let names = Set(told.keys)
        var fields = HTTPFields()
        for field in self {
            if names.contains(field.name) {
                fields.append(contentsOf: told.removeValue(forKey: field.name) ?? [])
            } else {
                fields.append(field)
            }
        }
        for name in newer.lazy.map(\.name) where FieldIDSet.refreshing.contains(name.id) {
            fields.append(contentsOf: told.removeValue(forKey: name) ?? [])
        }
        if fields.without(.refreshing).mayBeKept { fields.makeRoom() }
        var (count, bytes) = (fields.count, fields.lineBytes)
        for name in newer.lazy.map(\.name) {
            guard let added = told.removeValue(forKey: name) else { continue }
            let more = added.reduce(0) { $0 + $1.lineBytes }
            guard count + added.count <= MessageLimits.storedFields, bytes + more <= MessageLimits.storedHead else {
                continue
            }
            fields.append(contentsOf: added)
            count += added.count
            bytes += more
        }
        return fields
    }

    /// Leaves out the last fields until the rest may be kept, but none that refreshes or says what the bytes are.
    private mutating func makeRoom() {
        let needed = FieldIDSet.refreshing.union(.contentType, .contentEncoding)
        var (count, bytes) = (count, lineBytes)
        var left: Set<Int> = []
        for index in indices.reversed()
        where (count > MessageLimits.storedFields || bytes > MessageLimits.storedHead)
            && !needed.contains(self[index].name.id)
        {
            left.insert(index)
            count -= 1
            bytes -= self[index].lineBytes
        }
        if !left.isEmpty { self = HTTPFields(zip(indices, self).filter { !left.contains($0.0) }.map(\.1)) }
    }
}

extension HTTPField {
    /// Name, colon, blank, value and line end.
    fileprivate var lineBytes: Int { name.rawName.utf8.count + content.count + 4 }
}
