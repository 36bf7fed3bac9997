import CCurl
import Glibc
package import SeedSupport

/// Where the system's authorities are.
package struct SystemAuthorities: Sendable {
    /// All in one PEM file.
    var file: String?
    /// One PEM file for each, named by hash.
    var directory: String?

    /// Where curl was built to look.
    package static let ofCurl = SystemAuthorities(
        file: seed_curl_authority_file().map { String(cString: $0) },
        directory: seed_curl_authority_directory().map { String(cString: $0) })

    var hasFile: Bool { file.map { access($0, R_OK) == 0 } ?? false }

    /// A text of authorities for `TransferRequest.Trust.authorities`, in which the system's stand, too, where curl wouldn't
    /// find them by itself: it looks into a directory besides, but takes no file beside a text.
    /// - Throws: if the system's file cannot be read.
    package func beside(_ text: Bytes) throws(Errno) -> Bytes {
        guard directory == nil, let file, hasFile else { return text }
        var all = ByteBuilder()
        all.append(text)
        all.append("\n")
        all.append(try System.readFile(file, limit: 16 << 20))
        return all.take()
    }
}
