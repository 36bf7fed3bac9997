package import HTTPSemantics

/// What a scripted origin holds, and what goes wrong when.
///
///     FaultyOrigin(script: FaultyScript(object, [
///         FaultyRule(.cut(after: 1000), at: 0, turns: 0..<1),          // the first request of byte 0 is cut
///         FaultyRule(.status("503 Busy", [.retryAfter: "1"]), turns: 2..<4),
///     ]))
package struct FaultyScript: Sendable {
    /// By path, without the query.
    package var objects: [String: FaultyObject]
    /// At every other path. Nil: 404.
    package var object: FaultyObject?
    /// All that match a request apply to it, in order.
    package var rules: [FaultyRule]

    package init(_ object: FaultyObject?, _ rules: [FaultyRule] = [], objects: [String: FaultyObject] = [:]) {
        self.object = object
        self.rules = rules
        self.objects = objects
    }
}

/// Which requests get which faults. What is nil matches every request.
package struct FaultyRule: Sendable {
    package var faults: [Fault]
    /// Without the query.
    package var path: String?
    /// The first byte of the asked range.
    package var rangeStart: Int?
    package var header: HTTPField.Name?
    package var missingHeader: HTTPField.Name?
    /// Of the requests that match the rest, counted from 0.
    package var turns: Range<Int>

    package init(
        _ faults: Fault..., path: String? = nil, at rangeStart: Int? = nil, with header: HTTPField.Name? = nil,
        without missingHeader: HTTPField.Name? = nil, turns: Range<Int> = 0..<Int.max
    ) {
        self.faults = faults
        self.path = path
        self.rangeStart = rangeStart
        self.header = header
        self.missingHeader = missingHeader
        self.turns = turns
    }

    func matches(_ request: FaultyRequest) -> Bool {
        (path == nil || path == request.path)
            && (rangeStart == nil || rangeStart == request.range(in: Int.max - 1)?.lowerBound)
            && header.map { request.headers.contains($0) } ?? true
            && missingHeader.map { !request.headers.contains($0) } ?? true
    }
}

/// A script being played: remembers how often each rule has matched.
struct FaultyPlay: Sendable {
    private let script: FaultyScript
    private var turns: [Int]

    init(_ script: FaultyScript) {
        self.script = script
        turns = script.rules.map { _ in 0 }
    }

    mutating func response(to request: FaultyRequest) -> FaultyResponse {
        var faults: [(fault: Fault, turn: Int)] = []
        for (index, rule) in script.rules.enumerated() where rule.matches(request) {
            let turn = turns[index]
            turns[index] += 1
            if rule.turns.contains(turn) { faults += rule.faults.map { ($0, turn - rule.turns.lowerBound) } }
        }
        var subject = Fault.Subject(object: script.objects[request.path] ?? script.object)
        for (fault, turn) in faults { fault.change(&subject, turn: turn) }
        var response = FaultyResponse("404 Not Found")
        if let object = subject.object {
            response = FaultyResponse(
                to: request, about: object, honouringRange: subject.honoursRange,
                honouringConditions: subject.honoursConditions)
        }
        for (fault, _) in faults { fault.change(&response, to: request) }
        return response
    }
}
