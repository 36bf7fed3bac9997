import Glibc
package import SeedSupport

/// Why an address can't be listened on, in words for the person who named it.
package struct ListenError: Error, Equatable, CustomStringConvertible {
    package let address: String
    package let cause: Errno

    package var description: String {
        let advice: String? =
            switch cause.code {
            case EADDRINUSE: "choose another port, or 0 for any free one"
            case EADDRNOTAVAIL: "this machine has no such address"
            case EACCES: "low ports need the right to bind them (CAP_NET_BIND_SERVICE): choose a higher one"
            default: nil
            }
        return "cannot listen on \(address): \(cause)" + (advice.map { "; \($0)" } ?? "")
    }
}
