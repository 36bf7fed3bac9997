public import Glibc

/// A mutex and the state it guards, in one allocation.
///
/// It is a pthread mutex because the thread sanitizer knows these and reports false races behind the standard
/// library's. Inlinable: unspecialized generic code would cost ten times the mutex itself.
@usableFromInline
package struct Lock<State>: @unchecked Sendable {
    // Unchecked: the state is touched only while the mutex is held.
    @usableFromInline
    final class Storage: ManagedBuffer<State, pthread_mutex_t> {
        @inlinable
        deinit {
            withUnsafeMutablePointerToElements { mutex in
                pthread_mutex_destroy(mutex)
                _ = mutex.deinitialize(count: 1)
            }
        }
    }

    @usableFromInline
    let storage: ManagedBuffer<State, pthread_mutex_t>

    @inlinable
    package init(_ state: State) {
        storage = Storage.create(minimumCapacity: 1) { _ in state }
        storage.withUnsafeMutablePointerToElements { mutex in
            mutex.initialize(to: pthread_mutex_t())
            pthread_mutex_init(mutex, nil)
        }
    }

    /// Runs `body` alone. It must be short and must not take this lock again.
    @inlinable
    package func withLock<R, E: Error>(_ body: (inout State) throws(E) -> R) throws(E) -> R {
        let (state, mutex) = storage.withUnsafeMutablePointers { ($0, $1) }
        pthread_mutex_lock(mutex)
        defer { pthread_mutex_unlock(mutex) }
        return try body(&state.pointee)
    }
}
