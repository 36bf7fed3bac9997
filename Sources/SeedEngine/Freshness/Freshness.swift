import HTTPSemantics
import SeedOrigin
import SeedSupport

/// The default lifetime of an object whose origin states none; from the rule that matched the request.
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

/// What a response's own fields say about storing and serving it. Read once for each version of them.
struct StatedFreshness: Sendable, Equatable {
    let isStorable: Bool
    let mayServeStale: Bool
    /// Nil: the origin doesn't say.
    let lifetime: StatedLifetime?

    /// - Parameter headers: the representation headers, as stored.
    init(_ headers: HTTPFields) {
        let control = CacheControl(headers)
        isStorable = !(control.noStore || control.isPrivate)
        mayServeStale = !control.mustRevalidate && !control.noCache
        lifetime = headers.statedLifetime(control)
    }
}

/// Whether a response may be stored, and how long it may be served without asking its origin again.
struct Freshness: Sendable, Equatable {
    var mayStore: Bool
    /// False if it must not be served stale, even while the origin is down.
    var mayServeStale: Bool
    /// Counted from when the origin made the response; `nil`: forever.
    var lifetime: Duration?

    /// - Parameters:
    ///   - headers: the representation headers, as stored.
    ///   - madeAt: when the origin made the response.
    init(_ headers: HTTPFields, madeAt: Timestamp, rule: FreshnessRule) {
        self.init(StatedFreshness(headers), madeAt: madeAt, rule: rule)
    }

    init(_ stated: StatedFreshness, madeAt: Timestamp, rule: FreshnessRule) {
        mayStore = rule.isImmutable || stated.isStorable
        mayServeStale = stated.mayServeStale
        lifetime = rule.isImmutable ? nil : Self.lifetime(stated.lifetime, madeAt: madeAt, rule: rule)
    }

    private static func lifetime(_ stated: StatedLifetime?, madeAt: Timestamp, rule: FreshnessRule) -> Duration? {
        switch stated {
        case .seconds(let seconds): .seconds(seconds)
        case .until(let second): max(.zero, Timestamp(seconds: second) - madeAt)
        case nil: rule.revalidateAfter == .zero ? nil : rule.revalidateAfter
        }
    }
}
