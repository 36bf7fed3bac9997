/// Header or trailer fields, in their order. Names are compared without regard to case; a name may come several times.
///
/// Two are equal when each name has the same values in the same order; the order of different names is irrelevant (RFC
/// 9110 §5.3).
public struct HTTPFields: Sendable {
    private var fields: [HTTPField] = []

    public init() {}

    /// The value of all fields of this name, joined by `, ` (cookies by `; `); nil if there is none. Setting it leaves
    /// one field, in place of the first; nil removes them.
    public subscript(name: HTTPField.Name) -> String? {
        get { self[content: name]?.text }
        set { setContents(newValue.map { [HTTPField.Value($0)] } ?? [], of: name) }
    }

    /// The same in octets.
    public subscript(content name: HTTPField.Name) -> HTTPField.Value? {
        get {
            guard let first = fields.firstIndex(where: { $0.name == name }) else { return nil }
            let rest = fields[(first + 1)...]
            guard rest.contains(where: { $0.name == name }) else { return fields[first].content }
            let separator = Array((name == .cookie ? "; " : ", ").utf8)
            return HTTPField.Value(
                lenientOctets: Array(self[contents: name].map(\.octets).joined(separator: separator)))
        }
        set { setContents(newValue.map { [$0] } ?? [], of: name) }
    }

    /// The values of all fields of this name, in their order. Setting puts the new fields in place of the first.
    public subscript(values name: HTTPField.Name) -> [String] {
        get { fields.filter { $0.name == name }.map(\.value) }
        set { setContents(newValue.map { HTTPField.Value($0) }, of: name) }
    }

    /// The same in octets.
    public subscript(contents name: HTTPField.Name) -> [HTTPField.Value] {
        get { fields.filter { $0.name == name }.map(\.content) }
        set { setContents(newValue, of: name) }
    }

    /// The fields of this name, in their order. Setting puts the new ones in place of the first.
    ///
    /// - Precondition: all new ones have this name.
    public subscript(fields name: HTTPField.Name) -> [HTTPField] {
        get { fields.filter { $0.name == name } }
        set {
            precondition(newValue.allSatisfy { $0.name == name }, "the fields have the name that they are set under")
            setFields(newValue, of: name)
        }
    }

    /// The value of the first field of this name.
    public func first(_ name: HTTPField.Name) -> HTTPField.Value? {
        fields.first { $0.name == name }?.content
    }

    /// The value of the one field of this name; nil if there is none, or more than one.
    package func only(_ name: HTTPField.Name) -> HTTPField.Value? {
        var value: HTTPField.Value?
        for field in fields where field.name == name {
            if value != nil { return nil }
            value = field.content
        }
        return value
    }

    public func contains(_ name: HTTPField.Name) -> Bool {
        fields.contains { $0.name == name }
    }

    public mutating func append(_ field: HTTPField) {
        fields.append(field)
    }

    private mutating func setContents(_ contents: [HTTPField.Value], of name: HTTPField.Name) {
        setFields(contents.map { HTTPField(name: name, content: $0) }, of: name)
    }

    private mutating func setFields(_ new: [HTTPField], of name: HTTPField.Name) {
        guard let place = fields.firstIndex(where: { $0.name == name }) else { return fields.append(contentsOf: new) }
        fields.removeAll { $0.name == name }
        fields.insert(contentsOf: new, at: place)
    }
}

extension HTTPFields: ExpressibleByDictionaryLiteral {
    public init(dictionaryLiteral elements: (HTTPField.Name, String)...) {
        fields = elements.map { HTTPField(name: $0, value: $1) }
    }
}

extension HTTPFields: RandomAccessCollection, MutableCollection, RangeReplaceableCollection {
    public var startIndex: Int { 0 }
    public var endIndex: Int { fields.count }

    public subscript(position: Int) -> HTTPField {
        get { fields[position] }
        set { fields[position] = newValue }
    }

    public mutating func replaceSubrange(_ range: Range<Int>, with new: some Collection<HTTPField>) {
        fields.replaceSubrange(range, with: new)
    }

    public mutating func reserveCapacity(_ count: Int) {
        fields.reserveCapacity(count)
    }
}

extension HTTPFields: Hashable {
    public static func == (a: Self, b: Self) -> Bool {
        guard a.count == b.count else { return false }
        return a.fields == b.fields || a.contentsByName == b.contentsByName
    }

    private var contentsByName: [HTTPField.Name: [HTTPField.Value]] {
        Dictionary(grouping: fields, by: \.name).mapValues { $0.map(\.content) }
    }

    /// A sum, so that the order of different names doesn't matter.
    public func hash(into hasher: inout Hasher) {
        var sum = 0
        for field in fields {
            var one = Hasher()
            one.combine(field)
            sum &+= one.finalize()
        }
        hasher.combine(sum)
    }
}

extension HTTPFields: CustomStringConvertible {
    public var description: String { fields.map(\.description).joined(separator: "\n") }
}
