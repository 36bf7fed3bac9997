import DragonflyIdentity

/// Dragonfly's consistent hash ring. Every program that builds it of the same names finds the same seed peers for a task.
public struct SeedPeerRing: Sendable {
    private let ring: HashRing

    /// A name that comes twice counts once. Names are bytes: two spellings of `é` are two names.
    public init(_ names: some Sequence<String>) {
        ring = HashRing(names)
    }

    /// Up to `replicas` different names, clockwise from the task's place.
    public func names(forTaskID taskID: String, replicas: Int) -> [String] {
        ring.hosts(forKey: taskID, count: replicas)
    }

    func names(for task: DragonflyTask, replicas: Int) -> [String] {
        ring.hosts(for: task.taskID, count: replicas)
    }
}
