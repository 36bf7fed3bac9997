import Glibc
package import NIOCore

/// Why nobody can listen at an address, in words for the person who named it.
package struct ListenFailure: Sendable, Equatable, CustomStringConvertible {
    package let description: String

    package init(_ error: IOError, host: String, port: Int) {
        let reason = String(cString: strerror(error.errnoCode))
        let advice: String? =
            switch error.errnoCode {
            case EADDRINUSE: "choose another port, or 0 for any free one"
            case EADDRNOTAVAIL: "this machine has no such address"
            case EACCES: "low ports need the right to bind them (CAP_NET_BIND_SERVICE): choose a higher one"
            default: nil
            }
        description = "cannot listen on \(host):\(port): \(reason)" + (advice.map { "; \($0)" } ?? "")
    }
}
