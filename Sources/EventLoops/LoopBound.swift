/// A value confined to an event loop, for code that carries it across threads. Each access checks the thread.
package struct LoopBound<Value>: @unchecked Sendable {
    // Unchecked: the value is reached on its loop's thread only. The last reference must be dropped there too, or where
    // the value's end touches nothing of the loop.
    package let loop: EventLoop
    private let bound: Value

    /// On the loop.
    package init(_ value: Value, on loop: EventLoop) {
        loop.preconditionCurrent()
        self.loop = loop
        bound = value
    }

    package var value: Value {
        loop.preconditionCurrent()
        return bound
    }
}
