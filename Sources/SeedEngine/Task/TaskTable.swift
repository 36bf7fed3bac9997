import DragonflyIdentity
import SeedSupport

/// The tasks in memory, in shards that don't wait for each other.
///
/// Idle tasks stay known until their number or memory passes the budget; the longest unused go first.
final class TaskTable: Sendable {
    private static let shardCount = 64

    private final class Shard: Sendable {
        let tasks = Lock<[StoreKey: LiveTask]>([:])
    }

    private let shards = (0..<shardCount).map { _ in Shard() }
    private let context: EngineContext
    private let tasksPerShard: Int
    private let memoryPerShard: Int

    init(context: EngineContext) {
        self.context = context
        tasksPerShard = max(1, context.configuration.residentTasks / Self.shardCount)
        memoryPerShard = max(1, context.configuration.idleTaskMemory / Self.shardCount)
    }

    /// The request's task, with a stream of it begun under the shard's lock, so that it can't be forgotten in between.
    /// - Parameter owner: the request that the task is made for if it is not in memory; nil: the same.
    func beginStream(_ request: TaskRequest, of owner: TaskRequest? = nil) -> (LiveTask, StreamID) {
        let owner = owner ?? request
        return shard(of: owner.key).tasks.withLock { tasks in
            if let task = tasks[owner.key] { return (task, task.beginStream(request)) }
            if tasks.count >= tasksPerShard || tasks.count % 16 == 15 { forgetIdle(&tasks) }
            let task = LiveTask(owner, context: context)
            tasks[owner.key] = task
            return (task, task.beginStream(request))
        }
    }

    /// The task if it is in memory.
    func find(_ key: StoreKey) -> LiveTask? { shard(of: key).tasks.withLock { $0[key] } }

    /// Releases an idle task, so that the store may delete its file.
    /// - Returns: false when it is in use.
    func forget(_ key: StoreKey) -> Bool {
        shard(of: key).tasks.withLock { tasks in
            guard let task = tasks[key] else { return true }
            guard task.idleSince != nil else { return false }
            Self.remove(task, from: &tasks)
            return true
        }
    }

    /// Releases all idle tasks.
    func forgetIdle() {
        for shard in shards {
            shard.tasks.withLock { tasks in
                for task in tasks.values where task.idleSince != nil { Self.remove(task, from: &tasks) }
            }
        }
    }

    var all: [LiveTask] { shards.flatMap { $0.tasks.withLock { Array($0.values) } } }

    private func shard(of key: StoreKey) -> Shard {
        shards[key.withUnsafeBytes { Int($0[0]) % Self.shardCount }]
    }

    private func forgetIdle(_ tasks: inout [StoreKey: LiveTask]) {
        var memory = tasks.values.reduce(0) { $0 + $1.memory }
        guard tasks.count >= tasksPerShard || memory > memoryPerShard else { return }
        let idle = tasks.compactMap { key, task in task.idleSince.map { (key, $0) } }.sorted { $0.1 < $1.1 }
        for (key, _) in idle where memory > memoryPerShard / 2 || tasks.count > tasksPerShard * 3 / 4 {
            guard let task = tasks[key] else { continue }
            memory -= task.memory
            Self.remove(task, from: &tasks)
        }
    }

    private static func remove(_ task: LiveTask, from tasks: inout [StoreKey: LiveTask]) {
        tasks[task.key] = nil
        task.leave()
    }
}
