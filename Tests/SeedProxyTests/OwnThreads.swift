import Foundation

/// Runs each job on a thread made for it: tests over blocking sockets must not hold the few threads that all tests and
/// the server's own `async` functions share.
final class OwnThreads: TaskExecutor {
    func enqueue(_ job: consuming ExecutorJob) {
        let job = UnownedJob(job)
        Thread.detachNewThread { job.runSynchronously(on: self.asUnownedTaskExecutor()) }
    }
}
