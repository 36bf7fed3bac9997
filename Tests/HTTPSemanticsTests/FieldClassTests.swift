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
        for name in ["X-Trace", "Accept", "X-Request-Id", "X-Request-UUID", "k"] {
            #expect(!Array(name.utf8).withUnsafeBytes { FieldID.isSecretName($0) }, "\(name)")
        }
    }

    @Test(
        "Names in which a proxy says who its client is",
        arguments: [
            "X-Forwarded-User", "x-forwarded-email", "X-Forwarded-Groups", "X-Forwarded-Preferred-Username",
            "X-Forwarded-Client-Cert", "X-Forwarded-Whoever", "Remote-User", "X-Remote-Group", "X-WebAuth-User",
            "Tailscale-User-Login", "X-MS-CLIENT-PRINCIPAL", "X-Amzn-Oidc-Data", "Cf-Access-Jwt-Assertion",
            "SSL-Client-Cert", "Impersonate-Uid", "X-Consumer-Custom-ID", "X-Pomerium-Claim-Sub", "X_FORWARDED_USER",
            "X-SSL-Client-S-DN", "X_SSL_CLIENT_I_DN", "SSL-Client-Verify", "SSL_CLIENT_SHA1", "X-Client-Dn",
            "X-Tenant-Id", "X-Scope-OrgID", "X-Grafana-Org-Id", "X-Organization", "X-On-Behalf-Of", "X-Actor",
            "actor-id",
        ])
    func identities(_ name: String) {
        #expect(Array(name.utf8).withUnsafeBytes { FieldID.isSecretName($0) })
    }

    @Test(
        "Names of what concerns one request alone, and says nothing about a person",
        arguments: [
            "X-Forwarded-For", "X-Forwarded-Host", "X-Forwarded-Proto", "X-Forwarded-Port", "X-Forwarded-Prefix",
            "X-Forwarded-Scheme", "X-Forwarded-Server", "Forwarded", "X-Original-URL", "X-Original-Host",
            "X-Rewrite-URL",
            "X-HTTP-Method", "X-HTTP-Method-Override", "X-Method-Override", "X-Host", "X-Real-IP", "True-Client-IP",
            "X-Client-IP", "CF-Connecting-IP", "Fastly-Client-IP", "X-Cluster-Client-Ip", "X-Remote-Addr",
            "X-Url-Scheme",
            "Proxy", "X-Proxy-URL", "Front-End-Https", "X-Azure-SocketIP", "X_REAL_IP", "X-Matched-Path",
            "X-Middleware-Subrequest", "X-Invoke-Path", "X-HTTP-Host-Override", "X-Envoy-Original-Path",
            "traceparent", "X-Request-Id", "X-Amzn-Trace-Id", "X-B3-SpanId", "X-Correlation-ID",
        ])
    func others(_ name: String) {
        let octets = Array(name.utf8)
        #expect(octets.withUnsafeBytes { FieldID.concernsOneRequest($0) })
        #expect(!octets.withUnsafeBytes { FieldID.isSecretName($0) })
    }

    @Test(
        "Names that are neither",
        arguments: [
            "X-Custom", "Save-Data", "Sec-Fetch-User", "X-Amz-User-Agent", "X-Zip-Tip", "Priority",
            "DNT", "X-CDN-Zone", "X-Dns-Hint", "X-Forge", "Sec-CH-UA-Form-Factors", "X-Cyborg",
            "Upgrade-Insecure-Requests", "X-Requested-With", "Sec-Fetch-Site", "X-Amz-Request-Payer", "Icy-MetaData",
        ])
    func plain(_ name: String) {
        let octets = Array(name.utf8)
        #expect(!octets.withUnsafeBytes { FieldID.concernsOneRequest($0) || FieldID.isSecretName($0) })
    }

    @Test("Only the fields of a class, or all others")
    func filters() {
        let fields: HTTPFields = [.eTag: "\"a\"", .contentType: "a/b", .vary: "x"]
        #expect(names(fields.only(.refreshing)) == ["etag", "vary"])
        #expect(names(fields.without(.refreshing)) == ["content-type"])
    }
}
