import HTTPSemantics
import HTTPServer
import SeedSupport

/// Fields of a request as values that outlive its head.
extension RequestHead {
    /// The conditions of RFC 9110 §13.1; nil if there are none.
    var preconditions: Preconditions? {
        present.isDisjoint(with: .conditional) ? nil : Preconditions { value(ofAll: $0) }
    }

    /// The values of all fields of this kind as one list (RFC 9110 §5.3), octet for octet.
    private func value(ofAll id: FieldID) -> HTTPField.Value? {
        guard present.contains(id) else { return nil }
        return bytes.withUnsafeBytes { base in
            let values = fields.filter { $0.id == id }.map { Array($0.value.bytes(of: base)) }
            return HTTPField.Value(lenientOctets: Array(values.joined(separator: Array(", ".utf8))))
        }
    }
}

extension RequestHead.Field {
    /// The field with memory of its own, octet for octet.
    /// - Parameter base: the head's bytes.
    func copied(from base: UnsafeRawBufferPointer) -> HTTPField {
        HTTPField(
            name: HTTPField.Name(token: name.bytes(of: base), id: id),
            content: HTTPField.Value(lenientOctets: value.bytes(of: base)))
    }
}
