import HTTPSemantics

// When a connection is clean after an exchange. Otherwise stray bytes could be taken for the next response.

extension TransferHead {
    /// Whether the response's end is unambiguous, without closing the connection (RFC 9112 §6.3).
    func endsClearly(inResponseTo method: HTTPMethod) -> Bool {
        guard httpVersion.hasPrefix("1.") else { return true }
        let lengths = self.fields.count { $0.name == .contentLength }
        if fields.contains(.transferEncoding) {
            return lengths == 0 && httpVersion != "1.0" && status != 204 && status != 304
        }
        guard lengths > 0 else { return method == .head || status == 204 || status == 304 }
        return lengths == 1 && contentLength != nil && (status != 204 || contentLength == 0)
    }

    /// Whether curl reads no body of it. In that case, and behind the last chunk, it reads surplus bytes and drops them; at
    /// the end of a body with a length it closes the connection.
    func isWithoutBody(inResponseTo method: HTTPMethod) -> Bool {
        method == .head || status == 204 || status == 304 || contentLength == 0
    }
}

extension HTTPFields {
    /// Whether NTLM, Negotiate or Kerberos is asked for or sent. They authenticate a connection, not a request: later
    /// requests on it would run under that identity.
    var authenticateConnection: Bool {
        contains { field in
            Self.authentication.contains(field.name) && field.content.holds("ntlm", "negotiate", "kerberos")
        }
    }

    private static let authentication: [HTTPField.Name] = [
        .authorization, .proxyAuthorization, .wwwAuthenticate, .proxyAuthenticate,
    ]
}
