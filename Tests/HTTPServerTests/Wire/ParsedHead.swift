import SeedSupport

@testable import HTTPServer

extension RequestHead {
    /// The one head that `text` is.
    /// - Throws: why it isn't one.
    static func parsed(_ text: String) throws -> RequestHead {
        try parsed(Array(text.utf8))
    }

    static func parsed(_ bytes: [UInt8]) throws -> RequestHead {
        var reader = ReaderUnderTest()
        reader.receive(bytes)
        switch reader.next() {
        case .head(let head): return head
        case .malformed(let error): throw error
        default: throw Incomplete()
        }
    }

    struct Incomplete: Error {}
}

/// A reader with memory for heads of its own.
struct ReaderUnderTest {
    private var reader = RequestReader()
    private var memory = HeadMemory()

    var holdsPartialHead: Bool { reader.holdsPartialHead }
    var heldCount: Int { reader.heldCount }

    mutating func receive(_ text: String) {
        receive(Array(text.utf8))
    }

    mutating func receive(_ bytes: some Collection<UInt8>) {
        Array(bytes).withUnsafeBytes { reader.receive($0) }
    }

    mutating func next() -> RequestPart? { reader.next(&memory) }
}
