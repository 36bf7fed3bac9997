import HTTPTypes
import SeedOrigin

/// How long an object counts as unchanged where its origin doesn't say; from the rule that matched the request.
package struct FreshnessRule: Sendable, Equatable {
    /// The bytes under this name never change: a digest names them, or the rule says so. Never revalidated, and stored
    /// even if the origin says `no-store`.
    package var isImmutable: Bool
    /// Asked again after this long (`proxy.revalidateAfter`); zero: never.
    package var revalidateAfter: Duration

    package init(isImmutable: Bool = false, revalidateAfter: Duration = .seconds(300)) {
        self.isImmutable = isImmutable
        self.revalidateAfter = revalidateAfter
    }
}

/// Whether an answer may be stored, and how long it may be served without asking its origin again.
struct Freshness: Sendable, Equatable {
    var mayStore: Bool
    /// False when the origin forbids to serve it stale even while the origin is down.
    var mayServeStale: Bool
    /// In milliseconds from when the origin made the answer; `nil`: forever.
    var lifetime: Int64?

    /// - Parameters:
    ///   - headers: the representation headers, as stored.
    ///   - madeAt: when the origin made the answer, in milliseconds since 1970.
    init(_ headers: HTTPFields, madeAt: Int64, rule: FreshnessRule) {
        let control = CacheControl(headers)
        mayStore = rule.isImmutable || !(control.noStore || control.isPrivate)
        mayServeStale = !control.mustRevalidate && !control.noCache
        lifetime = rule.isImmutable ? nil : Self.lifetime(control, headers, madeAt: madeAt, rule: rule)
    }

    private static func lifetime(
        _ control: CacheControl, _ headers: HTTPFields, madeAt: Int64, rule: FreshnessRule
    ) -> Int64? {
        if control.noCache { return 0 }
        if let seconds = control.sharedMaxAge ?? control.maxAge { return seconds * 1000 }
        if let expires = headers[.expires] {
            // A date that is none lies in the past (RFC 9111 §5.3).
            return max(0, (HTTPDate.seconds(expires) ?? 0) * 1000 - madeAt)
        }
        let seconds = rule.revalidateAfter.components.seconds
        return rule.revalidateAfter == .zero ? nil : seconds * 1000
    }
}

extension HTTPFields {
    /// How long the answer was under way in other caches, in milliseconds (RFC 9111 §5.1).
    var age: Int64 {
        guard let text = self[.age], !text.isEmpty, text.utf8.allSatisfy({ (0x30...0x39).contains($0) }) else {
            return 0
        }
        return Swift.min(Int64(text) ?? 1 << 31, 1 << 31) * 1000
    }

    /// These fields, with those that a 304 told anew in their place (RFC 9111 §4.3.4).
    func updated(by newer: HTTPFields) -> HTTPFields {
        var fields = self
        let names = Set(newer.map(\.name))
        for name in names where name != .contentEncoding && name != .contentType {
            fields[values: name] = newer[values: name]
        }
        return fields
    }
}
