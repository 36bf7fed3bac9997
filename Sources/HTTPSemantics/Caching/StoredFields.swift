// The fields that are kept with an object.

extension HTTPFields {
    /// Whether they are few and short enough to be kept.
    package var mayBeKept: Bool {
        count <= MessageLimits.storedFields && lineBytes <= MessageLimits.storedHead
    }

    /// Bytes of these fields as lines of a head.
    private var lineBytes: Int { reduce(0) { $0 + $1.lineBytes } }

    /// These fields, with those that a 304 told anew in their place (RFC 9111 §3.2). Names that are new are left out where
    /// they would be too much to keep, unless how long and for whom the object may be kept depends on them. So the result
    /// can be more than `mayBeKept` only by what came in the place of something.
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
        var bytes = fields.lineBytes
        for isRefreshing in [true, false] {
            for name in newer.lazy.map(\.name) where FieldIDSet.refreshing.contains(name.id) == isRefreshing {
                guard let added = told.removeValue(forKey: name) else { continue }
                let more = added.reduce(0) { $0 + $1.lineBytes }
                guard
                    isRefreshing
                        || fields.count + added.count <= MessageLimits.storedFields
                            && bytes + more <= MessageLimits.storedHead
                else { continue }
                fields.append(contentsOf: added)
                bytes += more
            }
        }
        return fields
    }
}

extension HTTPField {
    /// Name, colon, blank, value and line end.
    fileprivate var lineBytes: Int { name.rawName.utf8.count + content.count + 4 }
}
