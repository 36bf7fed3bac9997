import HTTPSemantics
import SeedOrigin
import SeedSupport

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
    /// Counted from when the origin made the answer; `nil`: forever.
    var lifetime: Duration?

    /// - Parameters:
    ///   - headers: the representation headers, as stored.
    ///   - madeAt: when the origin made the answer.
    init(_ headers: HTTPFields, madeAt: Timestamp, rule: FreshnessRule) {
        let control = CacheControl(headers)
        mayStore = rule.isImmutable || !(control.noStore || control.isPrivate)
        mayServeStale = !control.mustRevalidate && !control.noCache
        lifetime = rule.isImmutable ? nil : Self.lifetime(control, headers, madeAt: madeAt, rule: rule)
    }

    private static func lifetime(
        _ control: CacheControl, _ headers: HTTPFields, madeAt: Timestamp, rule: FreshnessRule
    ) -> Duration? {
        switch headers.statedLifetime(control) {
        case .seconds(let seconds): .seconds(seconds)
        case .until(let second): max(.zero, Timestamp(seconds: second) - madeAt)
        case nil: rule.revalidateAfter == .zero ? nil : rule.revalidateAfter
        }
    }
}
