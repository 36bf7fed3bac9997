import Glibc

/// A mutex with a condition: state that threads wait on.
///
/// For our own blocking threads only; everything an event loop touches takes the lock briefly and never waits.
package final class Monitor<State>: @unchecked Sendable {
    // Unchecked: `state` and `condition` are used only while `mutex` is held.
    private var state: State
    private let mutex = UnsafeMutablePointer<pthread_mutex_t>.allocate(capacity: 1)
    private let condition = UnsafeMutablePointer<pthread_cond_t>.allocate(capacity: 1)

    /// What a waiting thread does after a look at the state.
    package enum Turn<Result> {
        case go(Result)
        /// Look again when signalled, at the latest at the deadline (none: only when signalled).
        case wait(until: MonotonicTime?)
    }

    package init(_ state: State) {
        self.state = state
        pthread_mutex_init(mutex, nil)
        var attributes = pthread_condattr_t()
        pthread_condattr_init(&attributes)
        // Deadlines must not jump when the clock is set.
        pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC)
        pthread_cond_init(condition, &attributes)
        pthread_condattr_destroy(&attributes)
    }

    deinit {
        pthread_cond_destroy(condition)
        pthread_mutex_destroy(mutex)
        condition.deallocate()
        mutex.deallocate()
    }

    package func withLock<R, E: Error>(_ body: (inout State) throws(E) -> R) throws(E) -> R {
        pthread_mutex_lock(mutex)
        defer { pthread_mutex_unlock(mutex) }
        return try body(&state)
    }

    /// Changes the state and wakes every waiting thread.
    package func signal(_ body: (inout State) -> Void) {
        withLock(body)
        pthread_cond_broadcast(condition)
    }

    /// Changes the state and wakes the waiting threads if `body` says that they care.
    package func signalIfNeeded(_ body: (inout State) -> Bool) {
        if withLock(body) { pthread_cond_broadcast(condition) }
    }

    /// The same for one waiting thread, if all wait for the same event.
    package func signalOneIfNeeded(_ body: (inout State) -> Bool) {
        if withLock(body) { pthread_cond_signal(condition) }
    }

    /// Blocks the calling thread until `decide` says go. A spurious wake-up only means another check.
    package func wait<Result>(_ decide: (inout State) -> Turn<Result>) -> Result {
        pthread_mutex_lock(mutex)
        defer { pthread_mutex_unlock(mutex) }
        while true {
            switch decide(&state) {
            case .go(let result): return result
            case .wait(nil): pthread_cond_wait(condition, mutex)
            case .wait(let deadline?):
                var time = deadline.timespec
                pthread_cond_timedwait(condition, mutex, &time)
            }
        }
    }
}
