/// A URL as it enters a task's identity, and what of it does not.
struct CanonicalURL {
    private(set) var text: [UInt8]
    /// See ``CanonicalQuery/omitted``.
    private(set) var omitted: [UInt8] = []

    private init(asWritten url: String) {
        text = Array(url.utf8)
    }

    init(_ url: ParsedURL, filter: QueryFilter) {
        text = url.head
        if let query = url.query {
            let query = CanonicalQuery(query, filter: filter)
            omitted = query.omitted
            if !query.text.isEmpty { append(UInt8(ascii: "?"), query.text) }
        }
        if let fragment = url.fragment { append(UInt8(ascii: "#"), fragment) }
        // Only an opaque path can end in spaces, and nothing follows it if they are last here. Then they go.
        cut(UInt8(ascii: " "))
        // Dragonfly writes a root without its slash. It looks at the end of the whole text, so that with a root path
        // the slashes at the end of a fragment go too.
        if url.path.elementsEqual("/".utf8) { cut(UInt8(ascii: "/")) }
    }

    private mutating func append(_ mark: UInt8, _ part: [UInt8]) {
        text.append(mark)
        text += part
    }

    /// Cuts all of `byte` from the end.
    private mutating func cut(_ byte: UInt8) {
        while text.last == byte { text.removeLast() }
    }
}

extension CanonicalURL {
    /// - Throws: ``IdentityError/malformedURL(_:)``. Never with an empty filter: then any text is taken as it stands.
    init(_ url: String, filter: QueryFilter) throws(IdentityError) {
        guard !filter.isEmpty else {
            self.init(asWritten: url)
            return
        }
        do {
            self.init(try ParsedURL(url), filter: filter)
        } catch {
            throw .malformedURL(error)
        }
    }

    /// The text as a string; `original` itself when it is the same, which saves the copy.
    func text(insteadOf original: String) -> String {
        let isSame = original.utf8.count == text.count && original.utf8.elementsEqual(text)
        return isSame ? original : String(decoding: text, as: UTF8.self)
    }
}
