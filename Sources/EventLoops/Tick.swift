import SeedSupport

/// Something that is called at each tick of its loop until it is cancelled.
package final class Tick {
    private(set) var handler: ((MonotonicTime) -> Void)?
    private let remove: (Tick) -> Void

    init(_ handler: @escaping (MonotonicTime) -> Void, remove: @escaping (Tick) -> Void) {
        self.handler = handler
        self.remove = remove
    }

    package func cancel() {
        guard handler != nil else { return }
        handler = nil
        remove(self)
    }
}
