/// The part of a URL that enters a task's identity, and the part that doesn't.
struct CanonicalURL {
    private(set) var text: [UInt8]
    /// See ``CanonicalQuery/omitted``.
    private(set) var omitted: [UInt8] = []
    /// Scheme, user info, host and port; nil for a text that is no URL.
    let authority: [UInt8]?

    private init(asWritten url: String) {
        text = Array(url.utf8)
        authority = (try? ParsedURL(url))?.authority
    }

    /// - Parameter original: the URL as it was written.
    init(_ url: ParsedURL, writtenAs original: String, filter: QueryFilter) {
        authority = url.authority
        text = Self.hasPath(original.utf8[...]) ? url.head : url.authority
        if let query = url.query {
            let query = CanonicalQuery(query, filter: filter)
            omitted = query.omitted
            if !query.text.isEmpty { append(UInt8(ascii: "?"), query.text) }
        }
        if let fragment = url.fragment { append(UInt8(ascii: "#"), fragment) }
        // Only an opaque path can end in spaces. At the end of the text they are dropped.
        while text.last == UInt8(ascii: " ") { text.removeLast() }
    }

    private mutating func append(_ mark: UInt8, _ part: [UInt8]) {
        text.append(mark)
        text += part
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
            self.init(try ParsedURL(url), writtenAs: url, filter: filter)
        } catch {
            throw .malformedURL(error)
        }
    }

    /// Whether a URL is written with a path, by the rule of Dragonfly's dfdaemon from 1.5.5 and its SDK from 1.9.0: nothing is
    /// parsed, so a backslash is no slash and a `://` in a query counts. A text without `://` counts as one with a path.
    private static func hasPath(_ url: Substring.UTF8View) -> Bool {
        var rest = url
        while let colon = rest.firstIndex(of: UInt8(ascii: ":")) {
            rest = rest[rest.index(after: colon)...]
            guard rest.starts(with: "//".utf8) else { continue }
            return rest.dropFirst(2).first { "/?#".utf8.contains($0) } == UInt8(ascii: "/")
        }
        return true
    }

    /// The text as a string; `original` itself when it is the same, which saves the copy.
    func text(insteadOf original: String) -> String {
        let isSame = original.utf8.count == text.count && original.utf8.elementsEqual(text)
        return isSame ? original : String(decoding: text, as: UTF8.self)
    }
}
