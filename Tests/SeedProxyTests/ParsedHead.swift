import SeedSupport

@testable import HTTPServer

extension RequestHead {
    /// The one head that `text` is.
    /// - Throws: the refusal of what is none.
    static func parsed(_ text: String) throws -> RequestHead {
        var (reader, memory) = (RequestReader(), HeadMemory())
        Bytes(text).withUnsafeBytes { reader.receive($0) }
        switch reader.next(&memory) {
        case .head(let head): return head
        case .malformed(let error): throw error
        default: throw Incomplete()
        }
    }

    struct Incomplete: Error {}
}
