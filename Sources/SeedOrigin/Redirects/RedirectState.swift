import HTTPSemantics
import HTTPTransfers

/// One request's progress through redirects: its start, its next target, and whether it may carry credentials.
struct RedirectState {
    /// The memo's key; nil if the request carries credentials that its fingerprint doesn't cover.
    let key: RedirectMemo.Key?
    private let start: TransferURL
    private let isRevalidation: Bool
    /// No request was made yet, or it starts over.
    private(set) var isAtStart = true
    /// A redirect has left the first origin. Stays true if a later one returns.
    private(set) var crossedOrigins = false
    /// Redirects followed.
    private(set) var hops = 0
    /// The remembered target that this request started with.
    private(set) var remembered: RedirectMemo.Target?
    /// Others wait for this resolution.
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

    /// The key to look up in the memo; nil if this request resolves by itself.
    var lookUpKey: RedirectMemo.Key? { isRevalidation ? nil : key }

    /// The current response is a redirect, whose body is discarded.
    var isTurning: Bool { next != nil }

    /// Goes to the remembered target at once; nil if that is not a valid URL.
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

    /// Whether a response of the remembered target sends the request back to its start: a refusal may only mean that
    /// the signature has expired. Once; a second refusal is final.
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
