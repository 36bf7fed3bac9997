import HTTPSemantics
import Testing

@Suite("Classes of fields")
struct FieldClassTests {
    private let response = """
        Connection: close, X-Private, Content-Length\r
        connection: ETag\r
        Keep-Alive: 5\r
        Proxy-Authenticate: Basic\r
        Proxy-Authentication-Info: a\r
        Trailer: X-T\r
        Transfer-Encoding: chunked\r
        Upgrade: h2c\r
        x-private: 1\r
        ETag: "a"\r
        Content-Length: 5\r
        Content-Type: a/b\r
        Set-Cookie: a=1\r
        Date: now\r
        Age: 1\r
        Via: 1.1 x\r
        Alt-Svc: clear\r
        Strict-Transport-Security: max-age=1\r
        Cache-Status: x\r
        X-Dragonfly-Tag: t\r
        X-Dragonfly-New: n\r
        X-Own: kept\r

        """

    private func names(_ fields: HTTPFields) -> [String] { fields.map(\.name.canonicalName) }

    @Test("What travels on, what is told to clients again, and what is stored")
    func classes() throws {
        let fields = try HTTPFields(lines: response)
        #expect(
            names(fields.endToEnd) == [
                "content-length", "content-type", "set-cookie", "date", "age", "via", "alt-svc",
                "strict-transport-security", "cache-status", "x-own",
            ])
        #expect(names(fields.forClient) == ["content-type", "via", "alt-svc", "strict-transport-security", "x-own"])
        #expect(names(fields.representation) == ["content-type", "x-own"])
    }

    @Test("Connection names fields in any case, over several lines")
    func nominated() throws {
        #expect(
            try HTTPFields(lines: response).nominated.map(\.canonicalName).sorted() == [
                "close", "content-length", "etag", "x-private",
            ])
        #expect(try HTTPFields(lines: "Connection: , a b,\u{e9} ,c\r\n").nominated.map(\.rawName) == ["c"])
    }

    @Test("A set holds what was put into it, in both of its words")
    func sets() {
        for id in FieldID.allCases {
            var set = FieldIDSet(id)
            #expect(FieldID.allCases.filter(set.contains) == [id])
            #expect(set.hasDragonfly == id.isDragonfly)
            #expect(!set.isDisjoint(with: FieldIDSet(.via, id)) && !set.isEmpty)
            set.remove(id)
            #expect(set.isEmpty && set == FieldIDSet())
        }
        #expect(FieldIDSet(.host).union(FieldIDSet(.taskID)) == FieldIDSet(.host).union(.taskID))
    }

    @Test("Names that may stand for a secret")
    func secrets() {
        for name in ["X-Auth-Token", "X-JFrog-Art-Api", "X-API-KEY", "Session", "My-Password", "X-Credentials"] {
            #expect(Array(name.utf8).withUnsafeBytes { FieldID.isSecretName($0) }, "\(name)")
        }
        for name in ["X-Trace", "Accept", "X-Request-Id", "k"] {
            #expect(!Array(name.utf8).withUnsafeBytes { FieldID.isSecretName($0) }, "\(name)")
        }
    }

    @Test("Only the fields of a class, or all others")
    func filters() {
        let fields: HTTPFields = [.eTag: "\"a\"", .contentType: "a/b", .vary: "x"]
        #expect(names(fields.only(.refreshing)) == ["etag", "vary"])
        #expect(names(fields.without(.refreshing)) == ["content-type"])
    }
}
