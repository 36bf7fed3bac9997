import SeedSupport

/// Memory that request heads are put into, one after another: reused as soon as the previous head is released, so that
/// a request costs no allocation. One for each event loop.
package struct HeadMemory {
    private var bytes = ByteBuilder()
    private var fields: [RequestHead.Field] = []

    package init() {}

    /// Reads one head.
    /// - Parameter text: a whole head, each line ended by CR LF, the empty line included.
    mutating func makeHead(_ text: UnsafeRawBufferPointer) throws(RequestError) -> RequestHead {
        bytes.removeAll()
        bytes.append(text)
        fields.removeAll(keepingCapacity: true)
        var head = RequestHead(bytes: bytes.bytes, fields: fields)
        // The head is the list's one owner while it is filled.
        fields = []
        defer { fields = head.fields }
        try head.parse()
        return head
    }
}
