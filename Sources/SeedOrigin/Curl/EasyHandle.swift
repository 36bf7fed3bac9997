import CCurl
import HTTPTypes

/// Owner of one curl easy handle and of what the handle points to. Used on the driver thread only.
final class EasyHandle {
    let pointer: UnsafeMutableRawPointer
    private var lines: UnsafeMutablePointer<curl_slist>?
    private let errorBuffer = UnsafeMutablePointer<CChar>.allocate(capacity: Int(CURL_ERROR_SIZE))

    /// Nil if curl has no memory for another.
    init?() {
        guard let pointer = curl_easy_init() else {
            errorBuffer.deallocate()
            return nil
        }
        self.pointer = pointer
        errorBuffer.pointee = 0
    }

    deinit {
        curl_easy_cleanup(pointer)
        curl_slist_free_all(lines)
        errorBuffer.deallocate()
    }

    /// Back to defaults, as new; connections live in the multi handle and stay.
    func reset() {
        curl_easy_reset(pointer)
        curl_slist_free_all(lines)
        lines = nil
        errorBuffer.pointee = 0
        seed_curl_set_pointer(pointer, CURLOPT_ERRORBUFFER, errorBuffer)
    }

    /// What curl says about the last failure; may be empty.
    var errorDetail: String { String(cString: errorBuffer) }

    func set(_ option: CURLoption, _ value: Int) {
        seed_curl_set_long(pointer, option, value)
    }

    func set(_ option: CURLoption, _ value: Bool) {
        set(option, value ? 1 : 0)
    }

    /// curl copies the text.
    func set(_ option: CURLoption, _ value: String) {
        seed_curl_set_string(pointer, option, value)
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

    /// Exactly these header lines besides `Host`.
    func setHeaders(_ fields: [HTTPField]) {
        for field in fields { append(field) }
        if !fields.contains(where: { $0.name == .accept }) { appendLine(Array("Accept:".utf8)) }  // none of curl's own
        seed_curl_set_list(pointer, CURLOPT_HTTPHEADER, lines)
    }

    private func append(_ field: HTTPField) {
        let value = field.withUnsafeBytesOfValue { Array($0) }
        // curl takes "Name:" for "send none of that name"; an empty field is written with a semicolon.
        let line = Array(field.name.rawName.utf8) + Array(value.isEmpty ? ";".utf8 : ": ".utf8) + value
        appendLine(line)
    }

    private func appendLine(_ line: [UInt8]) {
        (line + [0]).withUnsafeBufferPointer { bytes in
            bytes.withMemoryRebound(to: CChar.self) { text in
                lines = curl_slist_append(lines, text.baseAddress) ?? lines
            }
        }
    }

    /// Goes on after a pause. May call the data callback at once; a code other than `CURLE_OK` ends the transfer.
    func unpause() -> CURLcode {
        curl_easy_pause(pointer, CURLPAUSE_CONT)
    }
}
