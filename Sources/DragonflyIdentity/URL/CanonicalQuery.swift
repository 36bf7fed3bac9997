/// A query as it enters a task's identity: filtered, sorted by name, written in one way.
struct CanonicalQuery {
    /// Without `?`; empty when no parameter is left.
    private(set) var text: [UInt8] = []
    /// The omitted parameters that may be credentials: all but `ns`, which only names a registry.
    private(set) var omitted: [UInt8] = []

    /// - Parameter query: As written, without `?`.
    init(_ query: ArraySlice<UInt8>, filter: QueryFilter) {
        var parameters: [Parameter] = []
        for piece in query.split(separator: UInt8(ascii: "&")) {
            let parameter = Parameter(piece)
            if filter.contains(parameter.name) {
                omit(piece, named: parameter.name)
            } else if !piece.contains(UInt8(ascii: ";")) {
                // Go's rule, which Dragonfly adopted: a raw semicolon invalidates its parameter.
                parameters.append(parameter)
            }
        }
        write(parameters)
    }

    /// Leaves out everything: for tasks whose key does not look at the query.
    init(omittingAllOf query: ArraySlice<UInt8>) {
        for piece in query.split(separator: UInt8(ascii: "&")) {
            omit(piece, named: Parameter(piece).name)
        }
    }

    /// A parameter's name, decoded.
    static func name(of piece: ArraySlice<UInt8>) -> ArraySlice<UInt8> { Parameter(piece).name }

    private mutating func omit(_ piece: ArraySlice<UInt8>, named name: ArraySlice<UInt8>) {
        guard !name.elementsEqual("ns".utf8) else { return }
        if !omitted.isEmpty { omitted.append(UInt8(ascii: "&")) }
        omitted += piece
    }

    private mutating func write(_ parameters: [Parameter]) {
        // Equal names keep their order: the standard library's sort is stable.
        let sorted =
            parameters.count > 1 ? parameters.sorted { $0.name.lexicographicallyPrecedes($1.name) } : parameters
        for parameter in sorted {
            if !text.isEmpty { text.append(UInt8(ascii: "&")) }
            text.appendQueryEscaped(parameter.name)
            text.append(UInt8(ascii: "="))
            text.appendQueryEscaped(parameter.value)
        }
    }
}

/// One parameter, decoded.
private struct Parameter {
    let name: ArraySlice<UInt8>
    let value: ArraySlice<UInt8>

    init(_ piece: ArraySlice<UInt8>) {
        let equals = piece.firstIndex(of: UInt8(ascii: "=")) ?? piece.endIndex
        name = piece[..<equals].percentDecoded(plusIsSpace: true).repairingUTF8()
        value = piece[equals...].dropFirst().percentDecoded(plusIsSpace: true).repairingUTF8()
    }
}

extension [UInt8] {
    /// As Go's `url.QueryEscape` does: letters, digits and `-._~` stay, a space becomes `+`, all else `%XX`.
    mutating func appendQueryEscaped(_ bytes: ArraySlice<UInt8>) {
        for byte in bytes {
            if ByteSet.unreserved.contains(byte) {
                append(byte)
            } else if byte == UInt8(ascii: " ") {
                append(UInt8(ascii: "+"))
            } else {
                appendEncoded(byte)
            }
        }
    }
}
