import CCurl
import HTTPSemantics
import SeedSupport

/// Owner of one curl easy handle, made for one exchange, and of what the handle points to. It lives on its driver's loop.
final class EasyHandle {
    let pointer: UnsafeMutableRawPointer
    private var fields: UnsafeMutablePointer<curl_slist>?
    private var proxyFields: UnsafeMutablePointer<curl_slist>?
    private var blobs: [Bytes] = []
    /// Bytes that curl reads from the socket at a time.
    var receiveBufferLength = 16 << 10 {
        didSet { set(CURLOPT_BUFFERSIZE, receiveBufferLength) }
    }
    private let errorBuffer = UnsafeMutablePointer<CChar>.allocate(capacity: Int(CURL_ERROR_SIZE))

    /// Nil if curl has no memory for another.
    init?() {
        errorBuffer.pointee = 0
        guard let pointer = curl_easy_init() else {
            errorBuffer.deallocate()
            return nil
        }
        self.pointer = pointer
        seed_curl_set_pointer(pointer, CURLOPT_ERRORBUFFER, errorBuffer)
    }

    deinit {
        curl_easy_cleanup(pointer)
        curl_slist_free_all(fields)
        curl_slist_free_all(proxyFields)
        errorBuffer.deallocate()
    }

    /// What curl says about the last failure; may be empty.
    var errorDetail: String { String(cString: errorBuffer) }

    func set(_ option: CURLoption, _ value: Int) {
        seed_curl_set_long(pointer, option, value)
    }

    func set(_ option: CURLoption, _ value: Bool) {
        set(option, value ? 1 : 0)
    }

    func set(_ option: CURLoption, offset value: Int64) {
        seed_curl_set_offset(pointer, option, curl_off_t(value))
    }

    /// curl copies the text.
    func set(_ option: CURLoption, _ value: String) {
        seed_curl_set_string(pointer, option, value)
    }

    /// curl copies the octets, among which must be no NUL.
    func set(_ option: CURLoption, octets: [UInt8]) {
        (octets + [0]).withUnsafeBytes { bytes in
            _ = seed_curl_set_string(pointer, option, bytes.assumingMemoryBound(to: CChar.self).baseAddress)
        }
    }

    /// curl doesn't copy the bytes, which may be many; the handle keeps them.
    func set(_ option: CURLoption, blob: Bytes) {
        blobs.append(blob)
        seed_curl_set_blob(pointer, option, blob.unowned.baseAddress, blob.count)
    }

    /// Without a value, not even curl's own.
    func clear(_ option: CURLoption) {
        seed_curl_set_string(pointer, option, nil)
    }

    func set(_ option: CURLoption, pointer value: UnsafeMutableRawPointer) {
        seed_curl_set_pointer(pointer, option, value)
    }

    func set(_ option: CURLoption, callback: @escaping seed_curl_data_callback) {
        seed_curl_set_data_callback(pointer, option, callback)
    }

    func setOpenSocket(callback: @escaping seed_curl_opensocket_callback) {
        seed_curl_set_opensocket_callback(pointer, callback)
    }

    func setPrerequest(callback: @escaping seed_curl_prerequest_callback) {
        seed_curl_set_prerequest_callback(pointer, callback)
    }

    func setCloseSocket(callback: @escaping seed_curl_closesocket_callback) {
        seed_curl_set_closesocket_callback(pointer, callback)
    }

    func setDebug(callback: @escaping seed_curl_debug_callback) {
        seed_curl_set_debug_callback(pointer, callback)
    }

    /// Makes the handle ready for a transfer that fails to connect, without a name lookup.
    func refuseConnection() {
        set(CURLOPT_URL, "http://127.0.0.1/")
        set(CURLOPT_PROXY, "")
        set(CURLOPT_FRESH_CONNECT, true)
        keepConnectionsOfAnyAge()
        setOpenSocket { _, _, _ in seed_curl_socket_bad() }
    }

    /// Has curl close the connection with the end of the exchange.
    func forbidReuse() { set(CURLOPT_FORBID_REUSE, true) }

    /// How long an idle connection is kept is the pool's to say; curl's own limit is two minutes.
    func keepConnectionsOfAnyAge() { set(CURLOPT_MAXAGE_CONN, Int(Int32.max)) }

    /// Enables curl's debug output: the only way to learn of surplus bytes that it read after a response and dropped.
    func reportSurplus() { set(CURLOPT_VERBOSE, true) }

    /// Whether a line of what curl says is about such bytes.
    static func tellsOfSurplus(_ line: UnsafeRawBufferPointer) -> Bool {
        line.starts(with: "Excess found".utf8) || line.starts(with: "Leftovers after chunking".utf8)
    }

    /// Whether HTTP/2 was negotiated. Where curl asks whether it may send.
    var speaksHTTP2: Bool { seed_curl_speaks_http2(pointer) != 0 }

    /// Whether TLS has bytes in its buffers that curl has not read. Where curl asks whether it may send.
    var hasUnreadTLS: Bool { seed_curl_has_unread_tls(pointer) != 0 }

    /// Exactly these fields besides `Host` and the length of a body, and none of curl's own.
    /// - Parameters:
    ///   - host: the field that curl makes of the URL.
    ///   - proxy: for the proxy alone.
    func setFields(_ list: HTTPFields, host: HTTPField, proxy: HTTPFields) {
        for entry in Self.entries(list, host) { Self.append(entry.line, to: &fields) }
        for name in Self.curlsOwn where Self.hidden.contains(name) || !list.contains(name) {
            Self.append(Array("\(name):".utf8), to: &fields)
        }
        seed_curl_set_list(pointer, CURLOPT_HTTPHEADER, fields)
        for field in proxy { Self.append(Entry(field: field, hidden: []).line, to: &proxyFields) }
        Self.append(Array("Proxy-Connection:".utf8), to: &proxyFields)
        seed_curl_set_list(pointer, CURLOPT_PROXYHEADER, proxyFields)
    }

    /// What curl would add by itself. A name and a colon alone say that there is to be no such field.
    private static let curlsOwn: [HTTPField.Name] = [
        .accept, .userAgent, .expect, .proxyConnection, .transferEncoding,
    ]

    /// Fields hidden from curl. At an Expect it holds the body back, and after a 417 discards the response and sends
    /// the request again; at a Transfer-Encoding it frames the body, which `ChunkFraming` does better.
    private static let hidden: [HTTPField.Name] = [.expect, .transferEncoding]

    /// One for each field, but a hidden one stands in the entry of the field before (else after) it.
    private static func entries(_ list: HTTPFields, _ host: HTTPField) -> [Entry] {
        var entries: [Entry] = []
        var first: [UInt8] = []
        for field in list {
            if !hidden.contains(field.name) {
                entries.append(Entry(field: field, hidden: first))
                first = []
            } else if entries.isEmpty {
                first += "\r\n".utf8 + field.line
            } else {
                entries[entries.count - 1].hidden += "\r\n".utf8 + field.line
            }
        }
        return first.isEmpty ? entries : [Entry(field: host, hidden: first)]
    }

    private struct Entry {
        let field: HTTPField
        var hidden: [UInt8]

        /// curl takes "Name:" for "send none of that name": a field that is empty and alone is written with a semicolon.
        var line: [UInt8] {
            hidden.isEmpty && field.isEmpty ? Array(field.name.rawName.utf8) + ";".utf8 : field.line + hidden
        }
    }

    private static func append(_ line: [UInt8], to list: inout UnsafeMutablePointer<curl_slist>?) {
        (line + [0]).withUnsafeBytes { bytes in
            let text = bytes.assumingMemoryBound(to: CChar.self).baseAddress
            guard let longer = curl_slist_append(list, text) else { preconditionFailure("out of memory") }
            list = longer
        }
    }

    /// Sets which directions are paused; what is not named goes on. May call the callbacks at once; a code other than
    /// `CURLE_OK` ends the transfer.
    func pause(receiving: Bool, sending: Bool) -> CURLcode {
        curl_easy_pause(pointer, (receiving ? CURLPAUSE_RECV : 0) | (sending ? CURLPAUSE_SEND : 0))
    }
}

extension HTTPField {
    fileprivate var isEmpty: Bool { content.withOctets { $0.allSatisfy(\.isBlank) } }

    /// Without its line end.
    fileprivate var line: [UInt8] {
        let name = Array(name.rawName.utf8)
        return content.withOctets { $0.allSatisfy(\.isBlank) ? name + ":".utf8 : name + ": ".utf8 + $0 }
    }
}
