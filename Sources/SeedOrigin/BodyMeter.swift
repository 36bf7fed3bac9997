/// Counts the bytes of one body against what was declared and what was accepted.
struct BodyMeter {
    private let declared: Int64?
    private let limit: Int64?
    private let endsByFraming: Bool
    private(set) var received: Int64 = 0

    /// - Parameter hasBody: false for responses to HEAD and for statuses that have none.
    init(head: OriginHead, hasBody: Bool, limit: Int64?) {
        let bodyless = !hasBody || head.status == 204 || head.status == 304
        declared = bodyless ? 0 : head.contentLength
        endsByFraming = bodyless || head.isChunked || head.contentLength != nil || head.httpVersion.hasPrefix("2")
        self.limit = limit
    }

    /// How many of `count` offered bytes belong to what was accepted.
    func admitted(of count: Int) -> Int {
        guard let limit else { return count }
        return Int(min(Int64(count), limit - received))
    }

    mutating func took(_ count: Int) {
        received += Int64(count)
    }

    /// Whether to cut the transfer now: the limit is reached and the body may go on. A body known to end there is left
    /// to end, so that its connection can be reused.
    var isSurplusAhead: Bool {
        guard let limit, received >= limit else { return false }
        return declared.map { $0 > limit } ?? true
    }

    /// The outcome once the origin has ended the body without complaint.
    var outcome: OriginOutcome {
        if let declared, received < declared {
            return .failed(OriginError(.cut, "the origin's answer ended after \(received) of \(declared) bytes"))
        }
        return .complete(hasCleanEnd: endsByFraming)
    }
}
