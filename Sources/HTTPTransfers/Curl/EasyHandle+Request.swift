import CCurl
import HTTPSemantics
import SeedSupport

extension EasyHandle {
    /// Makes the handle ready for one exchange. Call it once.
    ///
    /// - Parameters:
    ///   - connectTimeout: what is left of it.
    ///   - reusing: a connection of the pool.
    func configure(
        _ request: TransferRequest, _ settings: TransferSettings, connectTimeout: Duration, reusing: Bool,
        sharing share: ShareHandle
    ) {
        configureConnection(request, settings)
        // Zero would mean curl's default of five minutes.
        set(CURLOPT_CONNECTTIMEOUT_MS, Int(min(max(1, connectTimeout.milliseconds), Int64(Int32.max))))
        configureTLS(request, settings)
        configureRequest(request)
        set(CURLOPT_SHARE, pointer: UnsafeMutableRawPointer(share.pointer))
        set(CURLOPT_HTTP09_ALLOWED, false)
        set(CURLOPT_HTTP_CONTENT_DECODING, false)
        // Redirects are followed by us, not by curl.
        set(CURLOPT_FOLLOWLOCATION, false)
        set(CURLOPT_FORBID_REUSE, !request.reusesConnection)
        set(CURLOPT_FRESH_CONNECT, !reusing)
    }

    private func configureConnection(_ request: TransferRequest, _ settings: TransferSettings) {
        set(CURLOPT_PROTOCOLS_STR, "http,https")
        // Empty, not unset: unset asks the environment.
        set(CURLOPT_PROXY, request.proxy ?? settings.proxy ?? "")
        set(CURLOPT_NOPROXY, "")
        set(CURLOPT_NOSIGNAL, true)
        // Without it, removing a transfer in the middle of a name lookup waits for the lookup.
        set(CURLOPT_QUICK_EXIT, true)
        set(CURLOPT_TCP_NODELAY, true)
        set(CURLOPT_TCP_KEEPALIVE, true)
        set(CURLOPT_TCP_KEEPIDLE, 60)
        keepConnectionsOfAnyAge()
    }

    /// curl's URL serves to dial; request line and fields are ours.
    private func configureRequest(_ request: TransferRequest) {
        set(CURLOPT_URL, request.url.text)
        set(CURLOPT_PATH_AS_IS, true)
        set(CURLOPT_REQUEST_TARGET, octets: request.target)
        switch request.body {
        case .none: break
        case .length(let length):
            set(CURLOPT_UPLOAD, true)
            set(CURLOPT_INFILESIZE_LARGE, offset: length)
        case .chunked:
            set(CURLOPT_UPLOAD, true)
            set(CURLOPT_INFILESIZE_LARGE, offset: -1)
        }
        // With it curl sends no body either; then the transfer itself ends with the head.
        if request.method == .head, request.body == .none { set(CURLOPT_NOBODY, true) }
        set(CURLOPT_CUSTOMREQUEST, request.method.rawValue)
        setFields(request.fieldsWithFraming, host: request.url.hostField, proxy: request.proxyFields)
    }

    /// Sends what curl reports to the transfer, which must live as long as the handle. The pool must live as long as the
    /// connection.
    func setCallbacks(to transfer: Transfer, _ pool: ConnectionPool) {
        let user = Unmanaged.passUnretained(transfer).toOpaque()
        set(CURLOPT_HEADERFUNCTION) { bytes, size, count, user in
            let line = UnsafeRawBufferPointer(start: bytes, count: size * count)
            return Transfer.from(user).takeLine(line) ? line.count : 0
        }
        set(CURLOPT_HEADERDATA, pointer: user)
        set(CURLOPT_WRITEFUNCTION) { bytes, size, count, user in
            Transfer.from(user).takeBody(UnsafeRawBufferPointer(start: bytes, count: size * count))
        }
        set(CURLOPT_WRITEDATA, pointer: user)
        set(CURLOPT_READFUNCTION) { bytes, size, count, user in
            Transfer.from(user).giveBody(UnsafeMutableRawBufferPointer(start: bytes, count: size * count))
        }
        set(CURLOPT_READDATA, pointer: user)
        setOpenSocket { user, _, address in
            guard let address else { return seed_curl_socket_bad() }
            return Transfer.from(user).openSocket(address)
        }
        set(CURLOPT_OPENSOCKETDATA, pointer: user)
        setCloseSocket { pool, socket in
            // Never nil, as with the transfer.
            Unmanaged<ConnectionPool>.fromOpaque(pool!).takeUnretainedValue().close(socket)
            return 0
        }
        set(CURLOPT_CLOSESOCKETDATA, pointer: Unmanaged.passUnretained(pool).toOpaque())
        setPrerequest { user, remote, _, remotePort, localPort in
            let isAdmitted = Transfer.from(user).maySend(from: Int(localPort)) {
                remote.flatMap {
                    SocketAddress(ip: String(cString: $0), port: UInt16(truncatingIfNeeded: remotePort))
                }
            }
            return isAdmitted ? CURL_PREREQFUNC_OK : CURL_PREREQFUNC_ABORT
        }
        set(CURLOPT_PREREQDATA, pointer: user)
        setDebug { _, kind, bytes, count, user in
            if kind == CURLINFO_TEXT, EasyHandle.tellsOfSurplus(UnsafeRawBufferPointer(start: bytes, count: count)) {
                Transfer.from(user).noteSurplus()
            }
            return 0
        }
        set(CURLOPT_DEBUGDATA, pointer: user)
    }
}

extension Transfer {
    fileprivate static func from(_ user: UnsafeMutableRawPointer?) -> Transfer {
        // Never nil: `setCallbacks` gave it. The driver keeps the transfer while its handle is in use.
        Unmanaged<Transfer>.fromOpaque(user!).takeUnretainedValue()
    }
}
