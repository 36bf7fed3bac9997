/// The last part of an OCI URL that may name a digest.
///
/// Dragonfly matches the raw text with `(.*)://(.*)/v2/(.*)/blobs/([^?]+)(\?.*)?`, anchored at both ends, where a dot
/// is anything but a line feed; the same for manifests. So nothing is parsed or decoded, and the last non-empty
/// `/blobs/…` counts.
struct DigestURL {
    /// What stands after `/blobs/`, up to the query: mostly a digest. Nil when the URL has another form.
    private(set) var blob: String?
    /// What stands after `/manifests/`, up to the query: a digest or a tag. Nil when the URL has another form.
    private(set) var manifest: String?

    init(_ url: String) {
        var url = url
        url.withUTF8 { url in
            guard let repository = DigestURL.repositoryStart(url) else { return }
            blob = DigestURL.reference(after: "/blobs/", in: url, from: repository)
            manifest = DigestURL.reference(after: "/manifests/", in: url, from: repository)
        }
    }

    /// Where the text after the first `/v2/` of the path begins.
    private static func repositoryStart(_ url: UnsafeBufferPointer<UInt8>) -> Int? {
        guard let authority = end(of: "://", in: url, from: 0) else { return nil }
        return end(of: "/v2/", in: url, from: authority)
    }

    private static func reference(
        after marker: StaticString, in url: UnsafeBufferPointer<UInt8>, from start: Int
    ) -> String? {
        let lineFeed = UInt8(ascii: "\n")
        let firstLineFeed = url.firstIndex(of: lineFeed) ?? url.count
        let lastLineFeed = url.lastIndex(of: lineFeed) ?? -1
        var question = url.count
        for index in stride(from: url.count - 1, through: start, by: -1) {
            if url[index] == UInt8(ascii: "?") { question = index }
            let end = index + marker.utf8CodeUnitCount
            guard end < question, matches(marker, url, at: index) else { continue }
            if index <= firstLineFeed, lastLineFeed < question {
                return String(decoding: url[end..<question], as: UTF8.self)
            }
        }
        return nil
    }

    private static func end(of text: StaticString, in url: UnsafeBufferPointer<UInt8>, from start: Int) -> Int? {
        (start..<max(start, url.count)).first { matches(text, url, at: $0) }.map { $0 + text.utf8CodeUnitCount }
    }

    private static func matches(_ text: StaticString, _ url: UnsafeBufferPointer<UInt8>, at index: Int) -> Bool {
        let text = UnsafeBufferPointer(start: text.utf8Start, count: text.utf8CodeUnitCount)
        guard url[index] == text[0], index + text.count <= url.count else { return false }
        return text.indices.allSatisfy { url[index + $0] == text[$0] }
    }
}

extension Digest {
    /// The digest at the end of an OCI blob URL. Nil for every other URL.
    public init?(blobURL url: String) {
        guard let digest = DigestURL(url).blob.flatMap({ Digest($0) }) else { return nil }
        self = digest
    }

    /// The digest at the end of an OCI manifest URL. Nil for every other URL, tags included.
    public init?(manifestURL url: String) {
        guard let digest = DigestURL(url).manifest.flatMap({ Digest($0) }) else { return nil }
        self = digest
    }
}
