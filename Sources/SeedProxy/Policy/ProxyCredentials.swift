import HTTPSemantics
import HTTPServer
import SeedSupport

/// The name and password that clients of this proxy must send (`proxy.server.basicAuth`); none when both are empty.
package struct BasicAuth: Sendable, Equatable {
    package var username: String
    package var password: String
    /// Dragonfly's clients send them as `Authorization`. That field belongs to the origin, so this is an option.
    package var acceptsAuthorization: Bool

    package init(username: String = "", password: String = "", acceptsAuthorization: Bool = false) {
        self.username = username
        self.password = password
        self.acceptsAuthorization = acceptsAuthorization
    }
}

/// Checks the credentials of requests (RFC 7617) in constant time.
struct ProxyCredentials {
    private let expected: [UInt8]
    private let acceptsAuthorization: Bool

    /// Nil where clients need not send any.
    init?(_ auth: BasicAuth) {
        guard !auth.username.isEmpty || !auth.password.isEmpty else { return nil }
        expected = Array(Base64.encode("\(auth.username):\(auth.password)".utf8).utf8)
        acceptsAuthorization = auth.acceptsAuthorization
    }

    /// Whether the request may pass. A field meant for us is removed from the head, so that no origin sees it.
    func admit(_ head: inout RequestHead) -> Bool {
        if matches(head, .proxyAuthorization) { return true }
        guard acceptsAuthorization, matches(head, .authorization) else { return false }
        head.remove(.authorization)
        return true
    }

    private func matches(_ head: RequestHead, _ id: FieldID) -> Bool {
        guard head.count(of: id) == 1, let field = head.fields.first(where: { $0.id == id }) else { return false }
        return head.bytes.withUnsafeBytes { base in
            let value = field.value.bytes(of: base)
            guard value.count > 6, UnsafeRawBufferPointer(rebasing: value[..<5]).equalsIgnoringCase("basic"),
                value[5] == .space
            else { return false }
            return isExpected(UnsafeRawBufferPointer(rebasing: value[6...]).trimmingBlanks)
        }
    }

    /// Compares every byte, even after a mismatch.
    private func isExpected(_ given: UnsafeRawBufferPointer) -> Bool {
        var difference = given.count ^ expected.count
        for index in 0..<given.count {
            difference |= Int(given[index] ^ expected[index % expected.count])
        }
        return difference == 0
    }
}
