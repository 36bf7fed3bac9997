import HTTPSemantics
import HTTPTransfers

/// One request's way through redirects: where it started, what it was told, and whether it may carry credentials.
struct RedirectWay {
    /// What the way is remembered under; nil if it proves rights that its credential does not tell.
    let key: RedirectMemo.Key?
    private let start: TransferURL
    private let isRevalidation: Bool
    /// Nothing was asked yet, or it all starts over.
    private(set) var isAtStart = true
    /// The way has left the first origin. It stays so on the way back.
    private(set) var crossedOrigins = false
    /// Redirects followed.
    private(set) var hops = 0
    /// The target that was not found out by this request.
    private(set) var remembered: RedirectMemo.Target?
    /// Others wait for what this request finds out.
    var isResolving = false
    private var hasTurnedBack = false
    private var next: TransferURL?

    init(_ request: OriginRequest, from url: TransferURL) {
        start = url
        isRevalidation = request.condition.isRevalidation
        let isUnnamed = request.credential.isAnonymous && !Credential(of: request.headers).isAnonymous
        key =
            isUnnamed
            ? nil : RedirectMemo.Key(url: url.text, credential: request.credential)
    }

    /// What to look for in the memo; nil if this request finds its way itself.
    var lookUpKey: RedirectMemo.Key? { isRevalidation ? nil : key }

    /// The answer being read leads elsewhere: its body is not what was asked for.
    var isTurning: Bool { next != nil }

    /// Goes at once where the redirects are known to lead; nil if that is no URL.
    mutating func jump(to target: RedirectMemo.Target) -> TransferURL? {
        guard let url = try? TransferURL(target.url) else { return nil }
        (remembered, crossedOrigins, isAtStart) = (target, target.crossedOrigins, false)
        return url
    }

    mutating func follow(from url: TransferURL, to target: TransferURL) {
        crossedOrigins = crossedOrigins || target.origin != url.origin
        hops += 1
        isAtStart = false
        next = target
    }

    /// Whether an answer of the remembered target sends the request back to its start: a refusal may only mean that the
    /// target's signature is over. Once; then the answer stands.
    mutating func turnsBack(at status: Int) -> Bool {
        guard remembered != nil, !hasTurnedBack, status == 401 || status == 403 else { return false }
        (remembered, crossedOrigins, isAtStart, hops) = (nil, false, true, 0)
        hasTurnedBack = true
        next = start
        return true
    }

    /// The URL of the next exchange, if there is one.
    mutating func takeNext() -> TransferURL? {
        defer { next = nil }
        return next
    }
}
