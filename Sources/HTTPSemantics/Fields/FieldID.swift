/// The field names known to this program, as small numbers.
///
/// The order counts: `useP2P` and all cases after it are Dragonfly's own (`isDragonfly`), so others stand before it.
/// `FieldIDSet` has room for 128.
@usableFromInline
package enum FieldID: UInt8, CaseIterable, Sendable {
    /// Any other name.
    case other
    case host, connection, contentLength, transferEncoding, expect, maxForwards, via, te, trailer, upgrade, keepAlive,
        proxyConnection, proxyAuthorization, proxyAuthenticate, proxyAuthenticationInfo
    case range, ifMatch, ifNoneMatch, ifModifiedSince, ifUnmodifiedSince, ifRange
    case accept, acceptEncoding, acceptLanguage, authorization, cookie, userAgent, referer, origin, pragma
    case date, age, eTag, lastModified, expires, cacheControl, cacheStatus, vary
    case contentType, contentEncoding, contentLanguage, contentLocation, contentRange, contentDisposition, contentMD5,
        acceptRanges
    case location, retryAfter, allow, server, link, setCookie, setCookie2, wwwAuthenticate, altSvc,
        strictTransportSecurity, reprDigest, contentDigest, amzChecksumSHA256, amzChecksumType
    case useP2P, registry, tag, application, priority, filteredQueryParams, prefetch, pieceLength, contentForTaskID,
        blobDigest
    case outputPath, forceHardLink, errorType, taskID, serverIP, downloadFinished
    /// An unknown field with Dragonfly's prefix.
    case otherDragonfly

    /// The usual spelling; empty for `other` and `otherDragonfly`.
    package var spelling: String { Self.spellings[Int(rawValue)] }

    /// In lower case.
    package var canonicalSpelling: String { Self.canonicalSpellings[Int(rawValue)] }

    /// Whether this is a known name.
    @inlinable package var isKnown: Bool { self != .other && self != .otherDragonfly }

    /// Fields that are for this server only and are never sent to an origin.
    @inlinable package var isDragonfly: Bool { rawValue >= FieldID.useP2P.rawValue }

    /// In the order of the cases.
    private static let spellings: [String] = [
        "",
        "Host", "Connection", "Content-Length", "Transfer-Encoding", "Expect", "Max-Forwards", "Via", "TE", "Trailer",
        "Upgrade", "Keep-Alive", "Proxy-Connection", "Proxy-Authorization", "Proxy-Authenticate",
        "Proxy-Authentication-Info",
        "Range", "If-Match", "If-None-Match", "If-Modified-Since", "If-Unmodified-Since", "If-Range",
        "Accept", "Accept-Encoding", "Accept-Language", "Authorization", "Cookie", "User-Agent", "Referer", "Origin",
        "Pragma",
        "Date", "Age", "ETag", "Last-Modified", "Expires", "Cache-Control", "Cache-Status", "Vary",
        "Content-Type", "Content-Encoding", "Content-Language", "Content-Location", "Content-Range",
        "Content-Disposition", "Content-MD5", "Accept-Ranges",
        "Location", "Retry-After", "Allow", "Server", "Link", "Set-Cookie", "Set-Cookie2", "WWW-Authenticate",
        "Alt-Svc", "Strict-Transport-Security", "Repr-Digest", "Content-Digest", "X-Amz-Checksum-SHA256",
        "X-Amz-Checksum-Type",
        "X-Dragonfly-Use-P2P", "X-Dragonfly-Registry", "X-Dragonfly-Tag", "X-Dragonfly-Application",
        "X-Dragonfly-Priority", "X-Dragonfly-Filtered-Query-Params", "X-Dragonfly-Prefetch",
        "X-Dragonfly-Piece-Length", "X-Dragonfly-Content-For-Calculating-Task-ID",
        "X-Dragonfly-Enable-Task-ID-Based-Blob-Digest",
        "X-Dragonfly-Output-Path", "X-Dragonfly-Force-Hard-Link", "X-Dragonfly-Error-Type", "X-Dragonfly-Task-ID",
        "X-Dragonfly-Server-IP", "X-Dragonfly-Task-Download-Finished",
        "",
    ]

    private static let canonicalSpellings = spellings.map { $0.lowercased() }
}

extension FieldID {
    /// Names are compared without regard to case (RFC 9110 §5.1).
    ///
    /// - Parameter name: a token; of other bytes some would be taken for letters.
    package init(name: UnsafeRawBufferPointer) {
        self = FieldNameTable.shared.find(name)
    }
}

/// The known names by their lengths, one behind the other, in lower case.
///
/// Unchecked: what the pointers lead to is written before the table is handed out, never changed and never freed.
/// Arrays would cost several times as much here, for each field of each request.
private struct FieldNameTable: @unchecked Sendable {
    private struct Entry {
        /// Where in `bytes` the name begins.
        var start: UInt16
        var id: FieldID
    }

    static let shared = FieldNameTable()

    private let longest: Int
    private let bytes: UnsafePointer<UInt8>
    private let entries: UnsafePointer<Entry>
    /// The index in `entries` of the first name of each length; one more at the end.
    private let firsts: UnsafePointer<UInt8>

    private init() {
        let known = FieldID.allCases.filter(\.isKnown)
        longest = known.map(\.spelling.utf8.count).max() ?? 0
        var (bytes, entries, firsts): ([UInt8], [Entry], [UInt8]) = ([], [], [0])
        for length in 0...longest {
            for id in known where id.spelling.utf8.count == length {
                entries.append(Entry(start: UInt16(bytes.count), id: id))
                bytes += id.canonicalSpelling.utf8
            }
            firsts.append(UInt8(entries.count))
        }
        self.bytes = Self.kept(bytes)
        self.entries = Self.kept(entries)
        self.firsts = Self.kept(firsts)
    }

    private static func kept<Element>(_ elements: [Element]) -> UnsafePointer<Element> {
        let memory = UnsafeMutableBufferPointer<Element>.allocate(capacity: elements.count)
        _ = memory.initialize(from: elements)
        return UnsafePointer(memory.baseAddress!)  // none is empty
    }

    func find(_ name: UnsafeRawBufferPointer) -> FieldID {
        let length = name.count
        guard length <= longest else { return Self.other(name) }
        for index in Int(firsts[length])..<Int(firsts[length + 1]) where isName(name, at: entries[index].start) {
            return entries[index].id
        }
        return Self.other(name)
    }

    private static func other(_ name: UnsafeRawBufferPointer) -> FieldID {
        guard name.count >= 12 else { return .other }
        return UnsafeRawBufferPointer(rebasing: name[..<12]).equalsIgnoringCase("x-dragonfly-")
            ? .otherDragonfly : .other
    }

    /// From the end, as names of one length often begin alike.
    private func isName(_ name: UnsafeRawBufferPointer, at start: UInt16) -> Bool {
        var index = name.count - 1
        while index >= 0 {
            if name[index] | 0x20 != bytes[Int(start) + index] { return false }
            index -= 1
        }
        return true
    }
}
