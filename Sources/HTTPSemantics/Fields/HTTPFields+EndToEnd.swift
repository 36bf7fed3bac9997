extension HTTPFields {
    /// The fields that `Connection` declares to be about this connection only (RFC 9110 §7.6.1): of each such field as many
    /// as a head may have.
    package var nominated: Set<HTTPField.Name> {
        var names: Set<HTTPField.Name> = []
        for value in self[contents: .connection] {
            for element in value.octets.listElements.prefix(MessageLimits.receivedFields) {
                if let name = HTTPField.Name(octets: element) { names.insert(name) }
            }
        }
        return names
    }

    /// The fields of an origin's response that travel on: without those about one connection, and without those that
    /// only we may write.
    package var endToEnd: HTTPFields {
        let nominated = nominated
        return HTTPFields(
            lazy.filter { field in
                let id = field.name.id
                // The length frames the body even if `Connection` names it.
                let isForUsAlone = id != .contentLength && nominated.contains(field.name)
                return !FieldIDSet.hopByHop.contains(id) && !isForUsAlone && !id.isDragonfly
            })
    }

    /// The fields of a stored or relayed response that are told to a client again.
    package var forClient: HTTPFields { endToEnd.without(.ofOneResponse) }

    /// The fields that describe the object itself and are stored with it (docs/http-contract.md).
    package var representation: HTTPFields { endToEnd.without(.notStored) }

    /// The fields of a client's request that may follow a redirect to another origin: range and conditions, but no
    /// possible credentials.
    package var forOtherOrigin: HTTPFields {
        only(.impersonal.union(.conditional).union(.range, .acceptEncoding))
    }

    /// All fields but those of a class.
    package func without(_ ids: FieldIDSet) -> HTTPFields {
        HTTPFields(lazy.filter { !ids.contains($0.name.id) })
    }

    /// The fields of a class.
    package func only(_ ids: FieldIDSet) -> HTTPFields {
        HTTPFields(lazy.filter { ids.contains($0.name.id) })
    }
}
