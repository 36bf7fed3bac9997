/// A queue in a ring: appending and taking cost the same however long it is.
package struct FIFO<Element> {
    private var ring: [Element?] = []
    private var head = 0
    package private(set) var count = 0

    package init() {}

    package init(_ elements: some Sequence<Element>) {
        ring = elements.map { $0 }
        count = ring.count
    }

    package var isEmpty: Bool { count == 0 }

    package var first: Element? { count == 0 ? nil : ring[head] }

    package mutating func append(_ element: Element) {
        if count == ring.count { grow() }
        ring[(head + count) % ring.count] = element
        count += 1
    }

    package mutating func popFirst() -> Element? {
        guard count > 0 else { return nil }
        defer {
            ring[head] = nil
            head = (head + 1) % ring.count
            count -= 1
        }
        return ring[head]
    }

    /// Replaces the element that would be taken next.
    package mutating func replaceFirst(with element: Element) {
        precondition(count > 0, "an empty queue has no first element")
        ring[head] = element
    }

    package mutating func removeAll() {
        self = FIFO()
    }

    private mutating func grow() {
        var larger = Array(self) as [Element?]
        larger.append(contentsOf: repeatElement(nil, count: Swift.max(8, count)))
        ring = larger
        head = 0
    }
}

extension FIFO: Sequence {
    package var underestimatedCount: Int { count }

    /// From the first to the last, without taking them.
    package func makeIterator() -> AnyIterator<Element> {
        var offset = 0
        return AnyIterator {
            guard offset < count else { return nil }
            defer { offset += 1 }
            return ring[(head + offset) % ring.count]
        }
    }
}

extension FIFO: Sendable where Element: Sendable {}
