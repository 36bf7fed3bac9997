import HTTPSemantics
import SeedOrigin

/// As which request a task asks its origin, and what the origin said to whom (rule:originating-request).
struct FetchIdentity: Sendable {
    /// Most requests that are refused one after another while others wait.
    private static let mostRefusals = 4

    /// As the origin is asked for a known object: as the request that made it known asked, or in nobody's name if that was
    /// in an earlier life. Until then the first one.
    private(set) var own: TaskRequest
    /// The request that made the generation known, or to which the origin last confirmed it; nil after a load.
    private var granted: TaskRequest?
    /// The origin said that the object is gone to a request that counts for all, and has not granted it to another since.
    private(set) var isGone = false
    /// Requests that the origin refused one after another, since it last granted one.
    private var refused: [TaskRequest] = []

    /// - Parameter request: the first one for the task.
    init(_ request: TaskRequest) { own = request }

    // MARK: Granted

    /// The object was found in the index, where it stands under this URL.
    mutating func loaded(url: String) { own = own.neutral(at: url) }

    /// The response to this request made the object known.
    mutating func began(as request: TaskRequest) {
        (own, granted) = (request, request)
        refused = []
    }

    /// The origin confirmed the generation to this request.
    mutating func confirmed(to request: TaskRequest?) {
        granted = request
        isGone = false
        refused = []
    }

    /// A span was granted, or nobody waits any more.
    mutating func forgetRefusals() { refused = [] }

    /// The generation is given up.
    mutating func forgetGrant() {
        granted = nil
        isGone = false
    }

    // MARK: Refused

    /// The request of a first contact: the client's own; once another was refused, in nobody's name first, so that all may
    /// be told at once that there is nothing.
    func firstContact(for request: TaskRequest) -> TaskRequest {
        refused.isEmpty || refused.contains(where: \.isNeutral) ? request : request.neutral(at: request.url)
    }

    /// - Returns: false when as many were refused one after another as may be: nobody waits for more.
    mutating func noteRefusal(of request: TaskRequest) -> Bool {
        refused.append(request)
        guard refused.count >= Self.mostRefusals else { return true }
        refused = []
        return false
    }

    mutating func noteGone(_ response: OriginErrorResponse, to request: TaskRequest) {
        isGone = isGone || response.isGone && (request.isNeutral || request == granted)
    }

    /// Whose request has the origin asked in another way than it refused; nil if there is none, or it refused too many.
    /// - Parameter waiting: the requests of those who wait, the first come first.
    mutating func heir(of request: TaskRequest, among waiting: some Sequence<TaskRequest>) -> TaskRequest? {
        guard noteRefusal(of: request) else { return nil }
        // Requests for other URLs are none for this object.
        let heir = waiting.first { candidate in
            !candidate.isLed && !refused.contains { candidate.asksAlike($0) }
        }
        if heir == nil { refused = [] }
        return heir
    }

    /// From now on the origin is asked as this request asks.
    mutating func askAs(_ request: TaskRequest) { own = request }
}

extension OriginErrorResponse {
    var isRefusal: Bool { RetryRule.isRefusal(status: status) }

    /// The origin says that the object is not there.
    var isGone: Bool { status == 404 || status == 410 }

    /// Whether this refusal of `request` also answers another: if the two are equal, or if it says that a neutral request
    /// found nothing and the other adds only fields that prove no right.
    func refuses(_ other: TaskRequest, as request: TaskRequest) -> Bool {
        if other.asksAlike(request) { return true }
        return isGone && request.isNeutral && other.adds(only: .impersonal, to: request)
    }
}
