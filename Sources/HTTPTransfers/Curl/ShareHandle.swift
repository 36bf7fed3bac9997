import CCurl

/// Owner of one curl share handle: the TLS sessions of a driver's transfers, each of which has an easy handle of its own.
/// It has no locks, since the driver's thread alone uses it.
final class ShareHandle {
    let pointer: OpaquePointer

    init() {
        guard let pointer = curl_share_init().map({ OpaquePointer($0) }) else {
            preconditionFailure("libcurl cannot be initialised: out of memory")
        }
        self.pointer = pointer
        seed_curl_share_data(UnsafeMutableRawPointer(pointer), CURL_LOCK_DATA_SSL_SESSION)
    }

    deinit { curl_share_cleanup(UnsafeMutableRawPointer(pointer)) }
}
