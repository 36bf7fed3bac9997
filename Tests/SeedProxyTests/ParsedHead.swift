import HTTPTypes
import NIOCore

@testable import SeedProxy

extension RequestHead {
    /// The one head that `text` is.
    /// - Throws: the refusal of what is none.
    static func parsed(_ text: String) throws -> RequestHead {
        try parsed(Array(text.utf8))
    }

    static func parsed(_ bytes: [UInt8]) throws -> RequestHead {
        var reader = RequestReader()
        reader.receive(ByteBuffer(bytes: bytes))
        switch reader.next() {
        case .head(let head): return head
        case .malformed(let refusal): throw refusal
        default: throw Incomplete()
        }
    }

    struct Incomplete: Error {}
}

extension HTTPField.Name {
    // Every name is a token.
    static let dragonflyUseP2P = HTTPField.Name("X-Dragonfly-Use-P2P")!
    static let dragonflyTag = HTTPField.Name("X-Dragonfly-Tag")!
    static let dragonflyApplication = HTTPField.Name("X-Dragonfly-Application")!
    static let dragonflyPieceLength = HTTPField.Name("X-Dragonfly-Piece-Length")!
    static let dragonflyFilteredQueryParams = HTTPField.Name("X-Dragonfly-Filtered-Query-Params")!
    static let dragonflyContent = HTTPField.Name("X-Dragonfly-Content-For-Calculating-Task-ID")!
    static let dragonflyBlobDigest = HTTPField.Name("X-Dragonfly-Enable-Task-ID-Based-Blob-Digest")!
    static let dragonflyRegistry = HTTPField.Name("X-Dragonfly-Registry")!
}
