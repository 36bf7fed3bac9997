/// A scheme in lower case, and what the WHATWG rules make of it.
struct URLScheme {
    let name: [UInt8]
    let isFile: Bool
    /// Special schemes have a host, default ports and take a backslash for a slash.
    let isSpecial: Bool
    let defaultPort: UInt16?

    init(name: [UInt8]) {
        self.name = name
        isFile = name.elementsEqual("file".utf8)
        defaultPort = URLScheme.defaultPorts.first { $0.name.utf8.elementsEqual(name) }?.port
        isSpecial = isFile || defaultPort != nil
    }

    static let http = URLScheme(name: Array("http".utf8))

    private static let defaultPorts: [(name: String, port: UInt16)] = [
        ("https", 443), ("http", 80), ("ws", 80), ("wss", 443), ("ftp", 21),
    ]

    func isSlash(_ byte: UInt8) -> Bool {
        byte == UInt8(ascii: "/") || (isSpecial && byte == UInt8(ascii: "\\"))
    }
}
