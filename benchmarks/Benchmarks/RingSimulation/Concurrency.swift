/// The values of `0..<count`, made on all cores, in order.
func concurrentMap<Value: Sendable>(_ count: Int, _ make: @escaping @Sendable (Int) -> Value) async -> [Value] {
    await withTaskGroup(of: (Int, Value).self) { group in
        for index in 0..<count { group.addTask { (index, make(index)) } }
        var values = [Value?](repeating: nil, count: count)
        for await (index, value) in group { values[index] = value }
        return values.compactMap { $0 }
    }
}

/// `0..<count` in parts of about equal length, several for each core.
func chunks(of count: Int) -> [Range<Int>] {
    let parts = min(count, 64)
    return (0..<parts).map { $0 * count / parts..<($0 + 1) * count / parts }
}
