import HTTPSemantics
import Testing

@Suite("Cache-Control, ages and lifetimes")
struct CacheControlTests {
    /// The lifetime in seconds under each `Cache-Control`; -1 if it says nothing.
    @Test(
        "How long a response stays fresh",
        arguments: [
            ("max-age=60", 60), ("MAX-AGE = \"60\" , public", 60), ("max-age=60, s-maxage=5", 5), ("no-cache", 0),
            ("max-age=-1", 0), ("max-age=x", 0), ("max-age", 0), ("max-age=9, max-age=4", 4),
            ("max-age=99999999999999999999", 1 << 31), ("public, foo=\"max-age=1, no-store\"", -1), ("", -1),
        ] as [(String, Int64)])
    func lifetime(_ field: String, _ seconds: Int64) {
        let headers: HTTPFields = [.cacheControl: field]
        let control = CacheControl(headers)
        #expect(headers.statedLifetime(control) == (seconds < 0 ? nil : .seconds(seconds)))
        #expect(!control.noStore && !control.isPrivate)
    }

    @Test("Expires is a second since 1970; an invalid date lies in the past; Cache-Control takes precedence")
    func expires() {
        func lifetime(_ headers: HTTPFields) -> StatedLifetime? { headers.statedLifetime(CacheControl(headers)) }
        #expect(lifetime([.expires: "Sun, 06 Nov 1994 08:49:37 GMT"]) == .until(second: 784_111_777))
        #expect(lifetime([.expires: "0"]) == .until(second: 0))
        #expect(lifetime([.expires: "0", .cacheControl: "max-age=1"]) == .seconds(1))
        #expect(lifetime([:]) == nil)
    }

    @Test("What forbids to store, and what forbids to serve stale")
    func prohibitions() {
        func control(_ text: String) -> CacheControl { CacheControl([.cacheControl: text]) }
        #expect(control("no-store").noStore && !control("max-age=5").noStore)
        #expect(control("max-age=5, Private").isPrivate && control("private=\"set-cookie\"").isPrivate)
        for text in ["must-revalidate", "proxy-revalidate", "s-maxage=5"] { #expect(control(text).mustRevalidate) }
        #expect(control("no-cache").noCache && !control("max-age=5").mustRevalidate)
    }

    @Test("The age that other caches told, in seconds")
    func age() {
        func age(_ text: String) -> Int64 { ([.age: text] as HTTPFields).ageInSeconds }
        #expect(age("5") == 5 && age("") == 0 && age("-1") == 0 && age("x") == 0)
        #expect(age("99999999999999999999") == 1 << 31)
        #expect(HTTPFields().ageInSeconds == 0)
    }

    @Test("A 304 replaces what it tells and leaves the rest")
    func update() {
        let stored: HTTPFields = [.contentType: "a/b", .cacheControl: "max-age=1", .eTag: "\"v1\""]
        let fields = stored.updated(by: [.cacheControl: "max-age=9", .contentType: "text/html"])
        #expect(fields == [.contentType: "a/b", .eTag: "\"v1\"", .cacheControl: "max-age=9"])
    }

    @Test(
        "Which Vary goes beyond the encoding",
        arguments: [
            ("", false), ("Accept-Encoding", false), (" accept-encoding ,, ACCEPT-ENCODING", false), ("*", true),
            ("accept-encoding, *", true), ("Accept", true), ("Accept-Encoding, User-Agent", true), ("a b", true),
        ])
    func vary(_ text: String, _ isBeyond: Bool) {
        #expect(([.vary: text] as HTTPFields).variesBeyondEncoding == isBeyond)
    }

    @Test("Names of Vary over several lines")
    func varyNames() {
        let fields: HTTPFields = [.vary: "Accept", .vary: "accept-language, ACCEPT"]
        #expect(Vary(fields) == .names([.accept, .acceptLanguage]))
        #expect(Vary([:]) == .names([]) && !Vary([:]).goesBeyond([]))
    }

    @Test("Retry-After is a number of seconds or a date")
    func retryAfter() {
        func delay(_ text: String) -> Int64? { ([.retryAfter: text] as HTTPFields).retryAfter?.delay(now: 784_111_770) }
        #expect(delay("120") == 120)
        #expect(delay("Sun, 06 Nov 1994 08:49:37 GMT") == 7)
        #expect(delay("Sun, 06 Nov 1994 08:49:00 GMT") == 0)
        #expect(delay("Fri, 31 Dec 9999 23:59:59 GMT") == 1 << 31)
        #expect(delay("99999999999999999999") == 1 << 31)
        #expect(delay("soon") == nil && delay("-1") == nil && delay("") == nil)
        #expect(HTTPFields().retryAfter == nil)
    }
}
