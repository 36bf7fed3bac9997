import HTTPSemantics
import Testing

@Suite("Fields")
struct HTTPFieldsTests {
    private static let odd = HTTPField.Name("X-Odd")!  // a token

    @Test("Names are found and compared without case, written as they came")
    func names() throws {
        let fields: HTTPFields = [.eTag: "\"a\"", Self.odd: "1"]
        for text in ["ETag", "etag", "ETAG", "eTaG"] {
            let name = try #require(HTTPField.Name(text))
            #expect(name == .eTag && name.rawName == text && name.canonicalName == "etag")
            #expect(fields[name] == "\"a\"")
        }
        let odd = try #require(HTTPField.Name("x-oDD"))
        #expect(odd == Self.odd && odd.hashValue == Self.odd.hashValue)
        #expect(odd.rawName == "x-oDD" && odd.canonicalName == "x-odd" && fields[odd] == "1")
        #expect(Self.odd != HTTPField.Name("X-Ode") && Self.odd != .eTag)
    }

    @Test("Every known name is recognised in each case, and in its usual spelling needs no text of its own")
    func knownNames() throws {
        for id in FieldID.allCases where id.isKnown {
            for text in [id.spelling, id.canonicalSpelling, id.spelling.uppercased()] {
                let name = try #require(HTTPField.Name(text))
                #expect(name.id == id && name == HTTPField.Name(id) && name.rawName == text)
            }
            #expect(id.isDragonfly == id.canonicalSpelling.hasPrefix("x-dragonfly-"))
            for text in [id.spelling + "x", "x" + id.spelling, String(id.spelling.dropLast())] {
                #expect(HTTPField.Name(text)?.id != id, "\(text)")
            }
        }
        #expect(HTTPField.Name("X-Dragonfly-Whatever")?.id == .otherDragonfly)
        #expect(
            HTTPField.Name("X-Dragonfly-")?.isDragonfly == true && HTTPField.Name("X-Dragonfly")?.isDragonfly == false)
        #expect(HTTPField.Name("X-Dragonfly-A") != HTTPField.Name("X-Dragonfly-B"))
    }

    private static let constants: [(HTTPField.Name, String)] = [
        (.host, "Host"), (.connection, "Connection"), (.contentLength, "Content-Length"),
        (.transferEncoding, "Transfer-Encoding"), (.expect, "Expect"), (.maxForwards, "Max-Forwards"),
        (.via, "Via"), (.te, "TE"), (.trailer, "Trailer"), (.upgrade, "Upgrade"), (.keepAlive, "Keep-Alive"),
        (.proxyConnection, "Proxy-Connection"), (.proxyAuthorization, "Proxy-Authorization"),
        (.proxyAuthenticate, "Proxy-Authenticate"), (.proxyAuthenticationInfo, "Proxy-Authentication-Info"),
        (.range, "Range"), (.ifMatch, "If-Match"), (.ifNoneMatch, "If-None-Match"),
        (.ifModifiedSince, "If-Modified-Since"), (.ifUnmodifiedSince, "If-Unmodified-Since"),
        (.ifRange, "If-Range"), (.accept, "Accept"), (.acceptEncoding, "Accept-Encoding"),
        (.acceptLanguage, "Accept-Language"), (.authorization, "Authorization"), (.cookie, "Cookie"),
        (.userAgent, "User-Agent"), (.referer, "Referer"), (.origin, "Origin"), (.pragma, "Pragma"),
        (.date, "Date"), (.age, "Age"), (.eTag, "ETag"), (.lastModified, "Last-Modified"),
        (.expires, "Expires"), (.cacheControl, "Cache-Control"), (.cacheStatus, "Cache-Status"),
        (.vary, "Vary"), (.contentType, "Content-Type"), (.contentEncoding, "Content-Encoding"),
        (.contentLanguage, "Content-Language"), (.contentLocation, "Content-Location"),
        (.contentRange, "Content-Range"), (.contentDisposition, "Content-Disposition"),
        (.contentMD5, "Content-MD5"), (.acceptRanges, "Accept-Ranges"), (.location, "Location"),
        (.retryAfter, "Retry-After"), (.allow, "Allow"), (.server, "Server"), (.link, "Link"),
        (.setCookie, "Set-Cookie"), (.setCookie2, "Set-Cookie2"), (.wwwAuthenticate, "WWW-Authenticate"),
        (.altSvc, "Alt-Svc"), (.strictTransportSecurity, "Strict-Transport-Security"),
        (.reprDigest, "Repr-Digest"), (.contentDigest, "Content-Digest"),
        (.amzChecksumSHA256, "X-Amz-Checksum-SHA256"), (.amzChecksumType, "X-Amz-Checksum-Type"),
        (.dragonflyUseP2P, "X-Dragonfly-Use-P2P"), (.dragonflyRegistry, "X-Dragonfly-Registry"),
        (.dragonflyTag, "X-Dragonfly-Tag"), (.dragonflyApplication, "X-Dragonfly-Application"),
        (.dragonflyPriority, "X-Dragonfly-Priority"),
        (.dragonflyFilteredQueryParams, "X-Dragonfly-Filtered-Query-Params"),
        (.dragonflyPrefetch, "X-Dragonfly-Prefetch"), (.dragonflyPieceLength, "X-Dragonfly-Piece-Length"),
        (.dragonflyContent, "X-Dragonfly-Content-For-Calculating-Task-ID"),
        (.dragonflyBlobDigest, "X-Dragonfly-Enable-Task-ID-Based-Blob-Digest"),
        (.dragonflyOutputPath, "X-Dragonfly-Output-Path"),
        (.dragonflyForceHardLink, "X-Dragonfly-Force-Hard-Link"),
        (.dragonflyErrorType, "X-Dragonfly-Error-Type"), (.dragonflyTaskID, "X-Dragonfly-Task-ID"),
        (.dragonflyServerIP, "X-Dragonfly-Server-IP"),
        (.dragonflyDownloadFinished, "X-Dragonfly-Task-Download-Finished"),
    ]

    @Test("Each constant is the name it is called after, and each known name has one")
    func constants() {
        for (constant, text) in Self.constants { #expect(constant.rawName == text) }
        #expect(Set(Self.constants.map(\.0.id)) == Set(FieldID.allCases.filter(\.isKnown)))
        #expect(Self.constants.filter(\.0.isDragonfly).map(\.1) == Self.constants.map(\.1).suffix(16))
    }

    @Test("A name is a token", arguments: ["", "a b", "a:", "\u{e9}", "a\0", "a\r", "(a)", "\"a\"", "a/b", "@"])
    func badNames(_ text: String) {
        #expect(HTTPField.Name(text) == nil)
        #expect(!HTTPField.isValidToken(text))
    }

    @Test("All values of a name are one list; cookies are joined their own way")
    func joined() {
        var fields: HTTPFields = [.vary: "a", .cookie: "x=1", .cookie: "y=2"]
        fields.append(HTTPField(name: .vary, value: "b, c"))
        #expect(fields[.vary] == "a, b, c" && fields[values: .vary] == ["a", "b, c"])
        #expect(fields[.cookie] == "x=1; y=2")
        #expect(fields[.eTag] == nil && fields[values: .eTag].isEmpty && !fields.contains(.eTag))
        #expect(fields.first(.vary) == "a" && fields.contains(.vary))
    }

    @Test("Setting a name leaves one field in the place of the first")
    func setting() {
        var fields: HTTPFields = [.vary: "a", .eTag: "\"a\"", .vary: "b"]
        fields[.vary] = "c"
        #expect(fields.map(\.name) == [.vary, .eTag] && fields[.vary] == "c")
        fields[values: .eTag] = ["\"1\"", "\"2\""]
        #expect(fields.map(\.value) == ["c", "\"1\"", "\"2\""])
        fields[.eTag] = nil
        #expect(fields.map(\.name) == [.vary])
        fields[.age] = "1"
        #expect(fields.map(\.name) == [.vary, .age])
    }

    @Test("Octets and whole fields are set in the place of the first, too, each with its own spelling")
    func settingOctetsAndFields() throws {
        var fields: HTTPFields = [.vary: "a", .eTag: "\"a\"", .vary: "b"]
        fields[content: .vary] = HTTPField.Value(octets: [0xe9])
        #expect(fields.map(\.content.octets) == [[0xe9], Array("\"a\"".utf8)])
        fields[content: .vary] = nil
        #expect(fields.map(\.name) == [.eTag])
        fields.append(HTTPField(name: .vary, value: "c"))
        let etag = HTTPField(name: try #require(HTTPField.Name("etag")), value: "\"b\"")
        fields[fields: .eTag] = [etag, HTTPField(name: .eTag, value: "\"c\"")]
        #expect(fields.description == "etag: \"b\"\nETag: \"c\"\nVary: c")
        #expect(fields[fields: .eTag].map(\.value) == ["\"b\"", "\"c\""] && fields[fields: .age].isEmpty)
        fields[fields: .eTag] = []
        #expect(fields.description == "Vary: c")
    }

    @Test("They are a collection: fields are changed, put in between and taken out by their places")
    func collection() {
        var fields: HTTPFields = [.vary: "a", .eTag: "\"a\""]
        fields.insert(HTTPField(name: .age, value: "1"), at: 1)
        fields[0].value = "b"
        #expect(fields.description == "Vary: b\nAge: 1\nETag: \"a\"")
        fields.replaceSubrange(0..<2, with: [HTTPField(name: .via, value: "1.1 x")])
        fields.removeLast()
        #expect(fields == [.via: "1.1 x"])
    }

    @Test("Equal is what has the same values of each name in the same order, and it hashes alike")
    func equality() throws {
        let a: HTTPFields = [.vary: "a", .eTag: "\"1\"", .vary: "b"]
        let b: HTTPFields = [.eTag: "\"1\"", .vary: "a", try #require(HTTPField.Name("VARY")): "b"]
        #expect(a == b && a.hashValue == b.hashValue && Set([a, b]).count == 1)
        let differing: [HTTPFields] = [
            [.vary: "b", .eTag: "\"1\"", .vary: "a"], [.vary: "a", .eTag: "\"1\""], [.vary: "a, b", .eTag: "\"1\""],
            [.vary: "a", .eTag: "\"1\"", .vary: "b", .age: "1"], [.vary: "A", .eTag: "\"1\"", .vary: "b"], [:],
        ]
        for other in differing { #expect(a != other) }
    }

    @Test("Octets stay as they came, text or not")
    func octets() {
        for octets: [UInt8] in [[0x61, 0xe9, 0xff], [0xc3, 0xa9], [0xff], [], Array("plain".utf8)] {
            let field = HTTPField(name: Self.odd, value: octets)
            #expect(field.content.octets == octets && field.content.count == octets.count)
            #expect(field.withUnsafeBytesOfValue { Array($0) } == octets)
            #expect(field.content.exactText == String(validating: octets, as: UTF8.self))
            #expect(HTTPField(name: Self.odd, lenientValue: octets) == field)
            #expect(HTTPField.Value(validating: octets)?.hashValue == field.content.hashValue)
        }
        var fields = HTTPFields()
        fields.append(HTTPField(name: Self.odd, value: [0xe9]))
        #expect(fields[content: Self.odd]?.octets == [0xe9] && fields[Self.odd] == "\u{fffd}")
        fields.append(HTTPField(name: Self.odd, value: [0xff]))
        #expect(fields[content: Self.odd]?.octets == [0xe9, 0x2c, 0x20, 0xff])
    }

    @Test("Text that looks alike but has other octets is another value")
    func normalisation() {
        #expect(HTTPField.Value("\u{e9}") != HTTPField.Value("e\u{301}"))
        #expect(HTTPField(name: Self.odd, value: "\u{e9}") != HTTPField(name: Self.odd, value: "e\u{301}"))
    }

    @Test("No value breaks out of its line")
    func lineEnds() {
        for text in ["a\r\nb: c", "a\nb", "a\0b", "a\rb"] {
            #expect(!HTTPField.isValidValue(text) && HTTPField(name: Self.odd, validating: text) == nil)
            #expect(HTTPField.Value(validating: Array(text.utf8)) == nil)
            for value in [HTTPField.Value(text), .init(octets: text.utf8), .init(lenientOctets: text.utf8)] {
                #expect(value.octets.allSatisfy { $0 != 0x0a && $0 != 0x0d && $0 != 0 })
                #expect(value.count == text.utf8.count)
            }
        }
        #expect(HTTPField.Value("a\r\n") == "a")
    }

    @Test("Blanks around a value and control characters in it are not valid; a tab inside is")
    func validity() {
        for text in [" a", "a ", "\ta", "a\t", " ", "a\u{1}", "a\u{7f}", "\u{1b}"] {
            #expect(!HTTPField.isValidValue(text), "\(text.debugDescription)")
        }
        for text in ["", "a", "a b", "a\tb", "\u{e9}", "~!"] { #expect(HTTPField.isValidValue(text)) }
        #expect(HTTPField.Value(" a\u{1}b\t") == "a b")
        // What an origin sent stays, as it did no harm there.
        #expect(HTTPField.Value(lenientOctets: [0x61, 0x01]).octets == [0x61, 0x01])
    }
}
