/// A URL taken apart by the WHATWG rules.
struct ParsedURL {
    /// Scheme to end of path, as it stands in the canonical text.
    var head: [UInt8] = []
    /// In `head`: where the scheme ends, at its colon.
    var schemeEnd = 0
    /// In `head`: where the path begins.
    var pathStart = 0
    /// As written, without `?`.
    var query: ArraySlice<UInt8>?
    /// Percent-encoded, without `#`.
    var fragment: [UInt8]?

    var path: ArraySlice<UInt8> { head[pathStart...] }

    /// `scheme://[user@]host[:port]`.
    var authority: [UInt8] { Array(head[..<pathStart]) }
}

extension ParsedURL {
    init(_ url: String) throws(URLFault) {
        var url = url
        // `withUTF8` doesn't support typed throws.
        self = try url.withUTF8 { text in
            Result { () throws(URLFault) in try ParsedURL(parsing: text) }
        }.get()
    }

    private init(parsing text: UnsafeBufferPointer<UInt8>) throws(URLFault) {
        if let plain = ParsedURL(plain: text) {
            self = plain
        } else {
            var parser = URLParser(text)
            self = try parser.parse()
        }
    }
}
