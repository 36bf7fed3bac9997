import CCurl

/// Owner of one curl multi handle: the connections, the name cache and the TLS sessions that all transfers share.
///
/// `@unchecked Sendable`: everything but `wakeup()` is called on the driver thread only, and `wakeup()` is the one
/// function of curl that may be called from any thread while the handle lives, which this object's life ensures.
final class MultiHandle: @unchecked Sendable {
    private let pointer: UnsafeMutableRawPointer

    private static let isReady = seed_curl_global_init() == CURLE_OK

    /// - Parameter idleConnections: connections kept open for reuse.
    init(idleConnections: Int) {
        guard Self.isReady, let pointer = curl_multi_init() else {
            fatalError("libcurl cannot be initialised: out of memory")
        }
        self.pointer = pointer
        seed_curl_multi_set_long(pointer, CURLMOPT_MAXCONNECTS, idleConnections)
    }

    deinit { curl_multi_cleanup(pointer) }

    /// Makes a `poll` that waits now, or the next one, return at once.
    func wakeup() {
        curl_multi_wakeup(pointer)
    }

    func add(_ handle: EasyHandle) -> Bool {
        curl_multi_add_handle(pointer, handle.pointer) == CURLM_OK
    }

    func remove(_ handle: EasyHandle) {
        curl_multi_remove_handle(pointer, handle.pointer)
    }

    /// Moves every transfer that can move; their callbacks are called in here.
    func perform() {
        var running: Int32 = 0
        curl_multi_perform(pointer, &running)
    }

    /// Waits for a socket, a timer of curl's, or `wakeup`.
    func poll(milliseconds: Int32) {
        curl_multi_poll(pointer, nil, 0, milliseconds, nil)
    }

    /// A transfer that curl has ended since the last call.
    func nextEnded() -> (easy: UnsafeMutableRawPointer, code: CURLcode)? {
        var left: Int32 = 0
        while let message = curl_multi_info_read(pointer, &left) {
            guard message.pointee.msg == CURLMSG_DONE, let easy = message.pointee.easy_handle else { continue }
            return (easy, seed_curl_result(message))
        }
        return nil
    }
}
