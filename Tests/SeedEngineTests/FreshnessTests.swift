import DragonflyIdentity
import HTTPSemantics
import SeedSupport
import Testing

@testable import SeedEngine

@Suite("Freshness")
struct FreshnessTests {
    /// The lifetime in seconds under each `Cache-Control`; the rule says 300.
    @Test(
        "How long a response stays fresh",
        arguments: [
            ("max-age=60", 60), ("MAX-AGE = \"60\" , public", 60), ("max-age=60, s-maxage=5", 5), ("no-cache", 0),
            ("max-age=-1", 0), ("max-age=x", 0), ("max-age=9, max-age=4", 4), ("max-age=99999999999999999999", 1 << 31),
            ("public, foo=\"max-age=1, no-store\"", 300), ("", 300),
        ] as [(String, Int64)])
    func lifetime(field: String, seconds: Int64) {
        let freshness = Freshness([.cacheControl: field], madeAt: .epoch, rule: FreshnessRule())
        #expect(freshness.lifetime == .seconds(seconds))
        #expect(freshness.mayStore)
    }

    @Test("Expires counts from when the response was made; an invalid date lies in the past")
    func expires() {
        let madeAt = Timestamp(milliseconds: 784_111_777_000)
        let later = Freshness([.expires: "Sun, 06 Nov 1994 08:50:37 GMT"], madeAt: madeAt, rule: FreshnessRule())
        #expect(later.lifetime == .seconds(60))
        #expect(Freshness([.expires: "0"], madeAt: madeAt, rule: FreshnessRule()).lifetime == .zero)
    }

    @Test("The rule: never by default of the origin, or never at all")
    func rule() {
        let never = FreshnessRule(revalidateAfter: .zero)
        #expect(Freshness([:], madeAt: .epoch, rule: never).lifetime == nil)
        #expect(Freshness([.cacheControl: "max-age=1"], madeAt: .epoch, rule: never).lifetime == .seconds(1))
        let immutable = FreshnessRule(isImmutable: true)
        #expect(Freshness([.cacheControl: "max-age=1, no-store"], madeAt: .epoch, rule: immutable).lifetime == nil)
        #expect(Freshness([.cacheControl: "no-store"], madeAt: .epoch, rule: immutable).mayStore)
    }

    @Test("W9: no-store and private are not stored; must-revalidate and no-cache are never served stale")
    func prohibitions() {
        for field in ["no-store", "max-age=5, Private", "private=\"set-cookie\""] {
            #expect(!Freshness([.cacheControl: field], madeAt: .epoch, rule: FreshnessRule()).mayStore)
        }
        for field in ["must-revalidate", "proxy-revalidate", "no-cache", "s-maxage=5"] {
            #expect(!Freshness([.cacheControl: field], madeAt: .epoch, rule: FreshnessRule()).mayServeStale)
        }
        #expect(Freshness([.cacheControl: "max-age=5"], madeAt: .epoch, rule: FreshnessRule()).mayServeStale)
    }

    @Test("A 304 replaces what it tells and leaves the rest")
    func update() {
        let stored: HTTPFields = [.contentType: "a/b", .cacheControl: "max-age=1", .eTag: "\"v1\""]
        let fields = stored.updated(by: [.cacheControl: "max-age=9", .contentType: "text/html"])
        #expect(fields == [.contentType: "a/b", .eTag: "\"v1\"", .cacheControl: "max-age=9"])
    }
}
