import CEvent
import Glibc

/// libevent's handles and flags as Swift wants them.
enum LibEvent {
    // The library declares its flags as macros and its functions' parameters as short.
    static let read = Int16(EV_READ)
    static let write = Int16(EV_WRITE)
    static let signal = Int16(EV_SIGNAL)
    static let persistent = Int16(EV_PERSIST)

    /// A base without locks: it is used by its loop's thread alone.
    static func makeBase() -> OpaquePointer {
        let configuration = event_config_new()
        defer { event_config_free(configuration) }
        event_config_set_flag(configuration, Int32(EVENT_BASE_FLAG_NOLOCK.rawValue))
        event_config_set_flag(configuration, Int32(EVENT_BASE_FLAG_IGNORE_ENV.rawValue))
        guard let base = event_base_new_with_config(configuration) else {
            preconditionFailure("the system gives no epoll descriptor; raise the limit of open files")
        }
        return base
    }
}

/// One event of libevent, freed with its owner. It lives on its loop's thread.
struct Event: ~Copyable {
    private let pointer: OpaquePointer

    /// - Parameters:
    ///   - descriptor: or the signal's number; -1 for a timer.
    ///   - context: what `callback` gets; must outlive the event.
    init(
        _ base: OpaquePointer, _ descriptor: Int32, _ what: Int16, _ context: UnsafeMutableRawPointer,
        _ callback: event_callback_fn
    ) {
        guard let pointer = event_new(base, descriptor, what, callback, context) else {
            preconditionFailure("out of memory")
        }
        self.pointer = pointer
    }

    deinit { event_free(pointer) }

    /// Waits for it, again if it was waited for before.
    func add(after duration: Duration? = nil) {
        guard let duration else {
            event_add(pointer, nil)
            return
        }
        let parts = max(duration, .zero).components
        var time = timeval(tv_sec: Int(parts.seconds), tv_usec: Int(parts.attoseconds / 1_000_000_000_000))
        event_add(pointer, &time)
    }

    func remove() {
        event_del(pointer)
    }
}
