import HTTPSemantics
import HTTPServer
import SeedEngine

/// Decides how one request is answered from the cache: which engine streams are opened, one after another, and which
/// head is sent. Pure logic, no I/O.
///
/// The engine serves one range a stream. Whatever needs more (several ranges, a condition that turns a range into the
/// whole object) opens streams in turn, so there is one window at a time.
struct CachedResponseMachine {
    enum Decision: Equatable {
        /// Send the head for the stream's range, then its bytes.
        case respond
        /// Send the head of a multipart response, the head of its first part, then the stream's bytes.
        case multipart
        /// Send the head of the next part, then the stream's bytes.
        case nextPart
        /// Close the stream and open one for this range; nil is the whole object.
        case reopen(RangeSpec?)
        case notModified
        case preconditionFailed
        case unsatisfiable(length: Int64)
        /// Everything is sent, up to a multipart response's end.
        case finished
        /// The object changed between two streams, before anything was sent.
        case changing
        /// The same, after something was sent: its parts would be of different versions.
        case abort
    }

    /// Streams opened for one request before anything is sent.
    private static let mostStreams = 4

    private(set) var ask: RequestedRanges
    private(set) var multipart: Multipart?
    private let conditions: Preconditions?
    /// What the present stream was opened for.
    private var opened: RangeSpec?
    private var streams = 1

    init(_ head: RequestHead) {
        ask = RequestedRanges(head)
        conditions = head.preconditions
        opened = ask.first
    }

    /// For the first stream.
    var range: RangeSpec? { opened }

    /// - Parameter isSameVersion: whether it is the version that the first part was of.
    mutating func headCame(_ head: StreamHead, _ validators: StoredValidators, isSameVersion: Bool) -> Decision {
        if let multipart {
            return isSameVersion && head.range == multipart.range ? .nextPart : .abort
        }
        switch conditions?.evaluate(validators, hasRange: ask != .whole) ?? .serve {
        case .notModified: return .notModified
        case .failed: return .preconditionFailed
        case .serveWhole: ask = .whole
        case .serve: break
        }
        switch ask {
        case .whole: return opened == nil ? .respond : reopen(nil)
        // The stream for the whole object was only opened to evaluate the conditions.
        case .one: return opened == nil ? .unsatisfiable(length: head.length) : .respond
        case .several(let specs): return several(specs, head)
        }
    }

    /// The engine reports that the stream's range is unsatisfiable.
    mutating func unsatisfiableCame(length: Int64) -> Decision {
        if multipart != nil { return .abort }
        if case .several(let specs) = ask, specs.count <= RequestedRanges.mostRanges,
            let first = RequestedRanges.merged(specs, length: length).first
        {
            return reopen(first.spec)
        }
        // Conditions come before ranges (RFC 9110 §13.2.1), and need a head to be evaluated against.
        return conditions == nil ? .unsatisfiable(length: length) : reopen(nil)
    }

    /// The stream's last byte is sent.
    mutating func streamEnded() -> Decision {
        guard multipart?.advance() == true, let range = multipart?.range else { return .finished }
        opened = range.spec
        return .reopen(opened)
    }

    private mutating func several(_ specs: [RangeSpec], _ head: StreamHead) -> Decision {
        guard specs.count <= RequestedRanges.mostRanges else {
            guard head.isFinished else { return .unsatisfiable(length: head.length) }
            ask = .whole
            return reopen(nil)
        }
        let ranges = RequestedRanges.merged(specs, length: head.length)
        guard let first = ranges.first else { return .unsatisfiable(length: head.length) }
        guard opened != nil, head.range == first else { return reopen(first.spec) }
        guard ranges.count > 1 else { return .respond }
        multipart = Multipart(ranges: ranges, length: head.length, contentType: head.headers.first(.contentType))
        return .multipart
    }

    private mutating func reopen(_ range: RangeSpec?) -> Decision {
        streams += 1
        guard streams <= Self.mostStreams else { return .changing }
        opened = range
        return .reopen(range)
    }
}

extension ByteRange {
    fileprivate var spec: RangeSpec { .bounded(first: lowerBound, last: upperBound - 1) }
}
