import HTTPSemantics
import SeedTestSupport

/// Where in the life of a task the fault strikes.
enum FaultStage: String, CaseIterable {
    case firstContact = "first contact"
    case midSpan = "mid-span"
    case resume
    case revalidation
    case redirect
}

/// One seeded case: an origin that goes wrong once or twice, and a client that must get right bytes or a visible
/// failure, and, when the origin is well again, right bytes.
struct FaultCase {
    enum Outcome: Equatable {
        case right
        /// An error status or an aborted connection.
        case refused(String)
        case wrong(String)

        var isRefused: Bool {
            if case .refused = self { true } else { false }
        }
    }

    let kind: FaultKind
    let stage: FaultStage
    let path: String
    private let object: FaultyObject
    private let other: FaultyObject
    private let range: Range<Int>?
    private let rules: [FaultyRule]

    private static let block = 256 << 10

    init(_ kind: FaultKind, _ stage: FaultStage, number: Int, using random: inout some RandomNumberGenerator) {
        self.kind = kind
        self.stage = stage
        path = "/o\(number)"
        let isSplit = stage == .midSpan
        let length =
            isSplit
            ? Int.random(in: 3 * Self.block...6 * Self.block, using: &random)
            : [1, 100, 4096, Self.block, Self.block + 1, Int.random(in: 2...900_000, using: &random)]
                .randomElement(using: &random) ?? 1
        let fields: HTTPFields = stage == .revalidation ? [.cacheControl: "no-cache"] : [:]
        let seed = UInt64(number) + 1
        object = FaultyObject(length: Int64(length), seed: seed, etag: "\"v1\"", fields: fields)
        let otherLength = Int64(kind == .changedLength ? length + Int.random(in: 1...5000, using: &random) : length)
        other = FaultyObject(length: otherLength, seed: seed &+ 1 << 32, etag: "\"v2\"", fields: fields)
        let start =
            isSplit
            ? Int.random(in: 2 * Self.block..<length, using: &random) : Int.random(in: 0..<length, using: &random)
        let isWhole = !isSplit && Bool.random(using: &random)
        let range = isWhole ? nil : start..<Int.random(in: start + 1...length, using: &random)
        self.range = range
        let faults = kind.faults(
            about: object, or: other, count: Int64(range?.count ?? length), using: &random)
        let turns = kind.isRecoverable ? Int.random(in: 1...2, using: &random) : Int.random(in: 1...4, using: &random)
        rules = Self.rules(
            stage, faults, turns: turns, path: path, start: range?.lowerBound,
            cut: Int64.random(in: 0..<Int64(range?.count ?? length), using: &random))
    }

    private static func rules(
        _ stage: FaultStage, _ faults: [Fault], turns: Int, path: String, start: Int?, cut: Int64
    ) -> [FaultyRule] {
        var rule = FaultyRule(turns: 0..<turns)
        rule.faults = faults
        switch stage {
        case .firstContact: return [rule]
        case .midSpan:
            rule.rangeStart = start
            return [rule]
        case .resume:
            rule.turns = 1..<1 + turns
            return [FaultyRule(.cut(after: cut), turns: 0..<1), rule]
        case .revalidation:
            rule.header = .ifNoneMatch
            return [rule]
        case .redirect:
            rule.path = "/to" + path
            return [FaultyRule(.redirect(302, to: "/to" + path), path: path), rule]
        }
    }

    func run(through peer: SeedPeerProcess, _ origin: FaultyOrigin) throws -> Outcome {
        let isPrimed = stage == .midSpan || stage == .revalidation
        if isPrimed {
            origin.play(FaultyScript(object))
            let primed = try ask(peer, origin, range: stage == .midSpan ? 0..<1 : range)
            guard primed == .right else { return .wrong("not even the first request went well: \(primed)") }
        }
        origin.play(FaultyScript(object, rules))
        let outcome = try ask(peer, origin, range: range)
        if case .wrong = outcome { return outcome }
        origin.release()
        origin.play(FaultyScript(object, stage == .redirect ? [rules[0]] : []))
        var after = try ask(peer, origin, range: range)
        // It may have joined a flight that had been answered before the origin was well.
        if after.isRefused { after = try ask(peer, origin, range: range) }
        guard after == .right else { return .wrong("when the origin is well again: \(after)") }
        return outcome
    }

    private func ask(_ peer: SeedPeerProcess, _ origin: FaultyOrigin, range: Range<Int>?) throws -> Outcome {
        let fields = range.map { ["Range: bytes=\($0.lowerBound)-\($0.upperBound - 1)"] } ?? []
        let response: RawResponse
        do {
            let first = try peer.get(origin.url + path, fields: fields)
            // What is sent past the cache leaves redirects to the client.
            let isLedOn = stage == .redirect && first["location"] == "/to" + path
            response = isLedOn ? try peer.get(origin.url + "/to" + path, fields: fields) : first
        } catch RawClient.Failure.reset, RawClient.Failure.endedEarly {
            return .refused("cut")
        } catch RawClient.Failure.timedOut {
            return .wrong("no answer within a minute")
        }
        return judge(response, range)
    }

    private func judge(_ response: RawResponse, _ range: Range<Int>?) -> Outcome {
        guard (200..<300).contains(response.status) else {
            return response.status >= 300
                ? .refused("\(response.status) \(response.text)") : .wrong("status \(response.status)")
        }
        // What the origin sends in a form that is never stored is handed on as it is.
        if response["content-encoding"] != nil || response["content-type"]?.hasPrefix("multipart") == true {
            return .refused("as the origin has it")
        }
        let versions = [object, other].filter { isWhole(response, of: $0, range) }
        guard versions.isEmpty else { return .right }
        let start = Int64(range?.lowerBound ?? 0)
        let place = object.firstDifference(in: response.body, at: response.status == 206 ? start : 0)
        return .wrong(
            "\(response.status) with \(response.body.count) bytes of \(range.map { "\($0)" } ?? "all") of"
                + " \(object.length), first difference at \(place ?? -1), \(response["cache-status"] ?? "-")")
    }

    private func isWhole(_ response: RawResponse, of version: FaultyObject, _ range: Range<Int>?) -> Bool {
        guard let range, response.status == 206 else { return response.body == version.bytes(0..<version.length) }
        let asked = Int64(range.lowerBound)..<min(Int64(range.upperBound), version.length)
        let span = "bytes \(asked.lowerBound)-\(asked.upperBound - 1)/"
        let contentRange = response["content-range"] ?? ""
        return response.body == version.bytes(asked)
            && (contentRange == "\(span)\(version.length)" || isTotalUnknowable && contentRange.hasPrefix(span))
    }

    /// Nothing contradicts the total of the very first response. And who was told nothing yet hears what the origin
    /// says in response after answer.
    private var isTotalUnknowable: Bool {
        kind == .wrongTotal && [.firstContact, .redirect, .resume].contains(stage)
    }
}
