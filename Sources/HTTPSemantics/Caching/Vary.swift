/// Which request fields a response depends on (RFC 9110 §12.5.5).
package enum Vary: Equatable, Sendable {
    /// `*`, or not a valid list of names: nothing to compare.
    case any
    /// Empty if there is no such field.
    case names(Set<HTTPField.Name>)

    package init(_ headers: HTTPFields) {
        var names: Set<HTTPField.Name> = []
        for value in headers[contents: .vary] {
            for element in value.octets.listElements {
                guard let name = HTTPField.Name(octets: element), !element.elementsEqual("*".utf8) else {
                    self = .any
                    return
                }
                names.insert(name)
            }
        }
        self = .names(names)
    }

    /// Whether the response depends on other fields than these.
    package func goesBeyond(_ known: Set<HTTPField.Name>) -> Bool {
        switch self {
        case .any: true
        case .names(let names): !names.isSubset(of: known)
        }
    }
}

extension HTTPFields {
    /// The response depends on request fields other than the encoding, which we fix.
    package var variesBeyondEncoding: Bool { Vary(self).goesBeyond([.acceptEncoding]) }
}
