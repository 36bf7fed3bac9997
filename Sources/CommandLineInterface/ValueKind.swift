/// A kind of value that options and arguments take: how it is read, and how a shell may complete it.
package struct ValueKind<Value: Sendable>: Sendable {
    package let completion: Completion
    package let read: @Sendable (String) throws(ValueProblem) -> Value

    /// - Parameter read: makes the value of what was written.
    package init(
        completion: Completion = .none, _ read: @escaping @Sendable (String) throws(ValueProblem) -> Value
    ) {
        self.completion = completion
        self.read = read
    }
}

/// What a shell may offer for a value.
package enum Completion: Sendable, Hashable {
    case none
    case file
    case directory
    case words([String])
}

/// An invalid value.
package struct ValueProblem: Error, Sendable, Hashable {
    /// Why it is invalid; nil if there is nothing to add.
    package let reason: String?

    package init(_ reason: String? = nil) {
        self.reason = reason
    }
}

extension ValueKind<String> {
    package static var text: Self { Self { text throws(ValueProblem) in text } }
    package static var file: Self { Self(completion: .file) { text throws(ValueProblem) in text } }
    package static var directory: Self { Self(completion: .directory) { text throws(ValueProblem) in text } }
}

extension ValueKind<Double> {
    /// A decimal number.
    package static func decimal(in range: ClosedRange<Double>) -> Self {
        Self { text throws(ValueProblem) in
            guard let number = Double(text), range.contains(number) else {
                throw ValueProblem("allowed are \(range.lowerBound) to \(range.upperBound).")
            }
            return number
        }
    }
}

extension ValueKind where Value: FixedWidthInteger {
    /// A number in decimal digits.
    package static func whole(in range: ClosedRange<Value> = Value.min...Value.max) -> Self {
        Self { text throws(ValueProblem) in
            if let number = Value(text), range.contains(number) { return number }
            // Where any number is allowed, its bounds would tell nothing.
            guard range != Value.min...Value.max else { throw ValueProblem() }
            throw ValueProblem("allowed are \(range.lowerBound) to \(range.upperBound).")
        }
    }
}
