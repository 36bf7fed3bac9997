import CCurl
import Glibc

extension EasyHandle {
    /// Everything that is the same for all requests.
    func configure(_ configuration: OriginConfiguration) {
        reset()
        configureConnection(configuration)
        configureTLS(configuration)
        set(CURLOPT_PATH_AS_IS, true)
        set(CURLOPT_HTTP09_ALLOWED, false)
        set(CURLOPT_HTTP_CONTENT_DECODING, false)
        set(CURLOPT_BUFFERSIZE, configuration.receiveBufferSize)
        // Redirects are followed by the transfer itself, which knows what must not cross origins.
        set(CURLOPT_FOLLOWLOCATION, false)
    }

    private func configureConnection(_ configuration: OriginConfiguration) {
        set(CURLOPT_PROTOCOLS_STR, "http,https")
        // Empty, not unset: unset asks the environment.
        set(CURLOPT_PROXY, configuration.proxy ?? "")
        set(CURLOPT_NOPROXY, "")
        set(CURLOPT_SUPPRESS_CONNECT_HEADERS, true)
        set(CURLOPT_NOSIGNAL, true)
        seed_curl_set_quick_exit(pointer)
        set(CURLOPT_CONNECTTIMEOUT_MS, Int(configuration.connectTimeout / .milliseconds(1)))
        set(CURLOPT_TCP_NODELAY, true)
        set(CURLOPT_TCP_KEEPALIVE, true)
        set(CURLOPT_TCP_KEEPIDLE, 60)
    }

    private func configureTLS(_ configuration: OriginConfiguration) {
        switch configuration.httpVersion {
        case .http1: set(CURLOPT_HTTP_VERSION, Int(CURL_HTTP_VERSION_1_1))
        case .http2:
            set(CURLOPT_HTTP_VERSION, Int(CURL_HTTP_VERSION_2TLS))
            set(CURLOPT_PIPEWAIT, true)
        }
        set(CURLOPT_SSL_VERIFYPEER, true)
        set(CURLOPT_SSL_VERIFYHOST, 2)
        configureAuthorities(configuration)
    }

    /// The configured file stands beside the system's directory. Without it the system's bundle alone is used: curl
    /// keeps authorities parsed between connections only if they all come from one file.
    private func configureAuthorities(_ configuration: OriginConfiguration) {
        if let directory = configuration.systemAuthorities {
            clear(CURLOPT_CAINFO)
            set(CURLOPT_CAPATH, directory)
        } else if configuration.certificateAuthorities == nil, Self.hasSystemBundle {
            clear(CURLOPT_CAPATH)
        }
        if let file = configuration.certificateAuthorities { set(CURLOPT_CAINFO, file) }
    }

    private static let hasSystemBundle: Bool = {
        guard let file = seed_curl_authorities() else { return false }
        return access(file, R_OK) == 0
    }()

    /// Sends what curl reports to the transfer, which must live until the handle is reset or freed.
    func setCallbacks(to transfer: CurlTransfer) {
        let user = Unmanaged.passUnretained(transfer).toOpaque()
        set(CURLOPT_HEADERFUNCTION) { bytes, size, count, user in
            let line = UnsafeRawBufferPointer(start: bytes, count: size * count)
            return CurlTransfer.from(user).takeLine(line) ? line.count : 0
        }
        set(CURLOPT_HEADERDATA, pointer: user)
        set(CURLOPT_WRITEFUNCTION) { bytes, size, count, user in
            CurlTransfer.from(user).takeBody(UnsafeRawBufferPointer(start: bytes, count: size * count))
        }
        set(CURLOPT_WRITEDATA, pointer: user)
        setOpenSocket { user, _, address in
            guard let address else { return seed_curl_socket_bad() }
            return CurlTransfer.from(user).openSocket(address)
        }
        set(CURLOPT_OPENSOCKETDATA, pointer: user)
    }
}

extension CurlTransfer {
    fileprivate static func from(_ user: UnsafeMutableRawPointer?) -> CurlTransfer {
        // Never nil: `setCallbacks` gave it. The driver keeps the transfer while its handle is in use.
        Unmanaged<CurlTransfer>.fromOpaque(user!).takeUnretainedValue()
    }
}
