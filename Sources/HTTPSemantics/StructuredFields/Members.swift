extension StructuredField {
    /// Values under keys, in the order in which the keys came first; of a key given twice the last value counts
    /// (RFC 9651 §4.2.2).
    package struct Members<Value: Hashable & Sendable>: Hashable, Sendable {
        package private(set) var keys: [String] = []
        private var values: [String: Value] = [:]

        package init() {}

        package subscript(key: String) -> Value? {
            get { values[key] }
            set {
                if values.updateOrRemove(newValue, key) {
                    if newValue == nil { keys.removeAll { $0 == key } }
                } else if newValue != nil {
                    keys.append(key)
                }
            }
        }

        package var count: Int { keys.count }
        package var isEmpty: Bool { keys.isEmpty }

        /// Keys and values, in order.
        package var entries: [(key: String, value: Value)] {
            keys.compactMap { key in values[key].map { (key, $0) } }
        }
    }
}

extension StructuredField.Members where Value == StructuredField.BareItem {
    /// Whether the parameter is there and true, as in `;hit`.
    package func isTrue(_ key: String) -> Bool { self[key] == .boolean(true) }
}

extension Dictionary {
    /// Whether there was a value before.
    fileprivate mutating func updateOrRemove(_ value: Value?, _ key: Key) -> Bool {
        if let value { updateValue(value, forKey: key) != nil } else { removeValue(forKey: key) != nil }
    }
}
