import CCurl

extension TransferError {
    /// What curl's result code means for us.
    /// - Parameters:
    ///   - detail: what curl wrote into its error buffer.
    ///   - url: the URL asked, without its query.
    init(_ code: CURLcode, detail: String, url: String) {
        let reason = detail.isEmpty ? String(cString: curl_easy_strerror(code)) : detail
        switch code {
        case CURLE_URL_MALFORMAT:
            self.init(.badURL, "the URL is malformed")
        case CURLE_COULDNT_RESOLVE_HOST, CURLE_COULDNT_RESOLVE_PROXY, CURLE_COULDNT_CONNECT, CURLE_PROXY,
            CURLE_OPERATION_TIMEDOUT:  // without a total timeout this is the connect timeout
            self.init(.unreachable, "\(url) cannot be reached: \(reason)")
            isTimeout = code == CURLE_OPERATION_TIMEDOUT
        case CURLE_UNSUPPORTED_PROTOCOL, CURLE_WEIRD_SERVER_REPLY, CURLE_BAD_CONTENT_ENCODING:
            self.init(.badResponse, "\(url) did not respond in HTTP as we accept it: \(reason)")
        case CURLE_BAD_FUNCTION_ARGUMENT:  // what curl says of a folded line that comes first
            self.init(.badResponse, "\(url) sent a head whose first field begins with a blank")
        case CURLE_OUT_OF_MEMORY:  // what curl says of a header line beyond its own limit
            self.init(.badResponse, "\(url) sent a header line longer than we take, or memory has run out")
        case CURLE_PARTIAL_FILE, CURLE_GOT_NOTHING, CURLE_SEND_ERROR, CURLE_RECV_ERROR, CURLE_HTTP2,
            CURLE_HTTP2_STREAM, CURLE_SEND_FAIL_REWIND:
            self.init(.cut, "the response of \(url) was cut off: \(reason)")
        case _ where Self.tls.contains(code):
            self.init(.tls, "no trusted connection to \(url): \(reason)")
        default:
            self.init(.local, "the transfer from \(url) failed: \(reason)")
        }
    }

    private static let tls = [
        CURLE_SSL_CONNECT_ERROR, CURLE_SSL_ENGINE_NOTFOUND, CURLE_SSL_ENGINE_SETFAILED, CURLE_SSL_CERTPROBLEM,
        CURLE_SSL_CIPHER, CURLE_PEER_FAILED_VERIFICATION, CURLE_USE_SSL_FAILED, CURLE_SSL_ENGINE_INITFAILED,
        CURLE_SSL_CACERT_BADFILE, CURLE_SSL_SHUTDOWN_FAILED, CURLE_SSL_CRL_BADFILE, CURLE_SSL_ISSUER_ERROR,
        CURLE_SSL_PINNEDPUBKEYNOTMATCH, CURLE_SSL_INVALIDCERTSTATUS, CURLE_SSL_CLIENTCERT,
    ]
}
