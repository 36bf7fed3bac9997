import CCurl
import HTTPSemantics
import SeedSupport

/// TLS to origins: whose certificates are accepted, and which one is ours.
extension EasyHandle {
    func configureTLS(_ request: TransferRequest, _ settings: TransferSettings) {
        // In HTTP/2 there are no chunks.
        switch request.body == .chunked ? .http1 : request.httpVersion {
        case .http1: set(CURLOPT_HTTP_VERSION, Int(CURL_HTTP_VERSION_1_1))
        case .http2:
            set(CURLOPT_HTTP_VERSION, Int(CURL_HTTP_VERSION_2TLS))
            set(CURLOPT_PIPEWAIT, true)
        }
        set(CURLOPT_SSL_VERIFYPEER, request.trust != .unverified)
        set(CURLOPT_SSL_VERIFYHOST, request.trust == .unverified ? 0 : 2)
        // In place of curl's file of authorities; its directory, which has the system's, stays.
        if case .authorities(let text) = request.trust { set(CURLOPT_CAINFO_BLOB, blob: text) }
        if request.trust == .standard { configureAuthorities(settings) }
    }

    /// The configured file stands beside the system's directory. Without it the system's bundle alone is used: curl
    /// keeps authorities parsed between connections only if they all come from one file. A proxy is judged by the same.
    private func configureAuthorities(_ settings: TransferSettings) {
        for (file, directory) in [
            (CURLOPT_CAINFO, CURLOPT_CAPATH), (CURLOPT_PROXY_CAINFO, CURLOPT_PROXY_CAPATH),
        ] {
            if let path = settings.systemAuthorities {
                clear(file)
                set(directory, path)
            } else if settings.certificateAuthorities == nil, Self.hasSystemBundle {
                clear(directory)
            }
            if let path = settings.certificateAuthorities { set(file, path) }
        }
    }

    private static let hasSystemBundle = SystemAuthorities.ofCurl.hasFile
}
