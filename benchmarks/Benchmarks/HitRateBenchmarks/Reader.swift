import DragonflyRequest
import HTTPSemantics
import HitRateWorkload
import SeedSupport

/// A node got wrong bytes, or a response that is none of a seed peer, so that no figure counts.
struct WrongBytes: Error, CustomStringConvertible {
    let description: String
}

/// Does reads over one of a node's connections, and compares each body with the file's bytes.
struct Reader {
    let files: LayerFiles
    /// `http://host:port`.
    let origin: String
    let fleet: SeedPeerFleet
    let prefetches: Bool
    /// When the run began.
    let beginning: MonotonicTime
    var connection: NodeConnection

    /// - Returns: what became of it, and what was wrong with a failed one.
    /// - Throws: ``WrongBytes``, or when the run was cancelled.
    mutating func perform(_ read: Read) async throws -> (record: ReadRecord, failure: DragonflyError?) {
        let start = MonotonicTime.now()
        do {
            let response = try await connection.get(request(for: read))
            let firstByte = try await receive(response, read)
            if response.head.isLastOfConnection { connection.close() }
            return (record(read, response.head, from: start, firstByte: firstByte), nil)
        } catch let error as DragonflyError where error != .cancelled {
            connection.close()
            let time = (MonotonicTime.now() - beginning).inSeconds
            return (ReadRecord(time: time, bytes: read.range.count, outcome: .failed, seedPeer: nil), error)
        }
    }

    private func request(for read: Read) -> GetRequest {
        GetRequest(
            url: files.url(of: read, at: origin), headers: prefetches ? [.dragonflyPrefetch: "true"] : [:],
            range: read.range, timeout: .seconds(60))
    }

    /// - Returns: when the first byte came.
    private func receive(_ response: GetResponse, _ read: Read) async throws -> MonotonicTime {
        guard response.head.cacheStatus != nil else {
            throw WrongBytes(description: "\(response.head.endpoint) does not say in Cache-Status what it held")
        }
        var digest = RollingDigest(.sha256)
        var firstByte: MonotonicTime?
        for try await chunk in response.body {
            if firstByte == nil { firstByte = .now() }
            chunk.withUnsafeBytes { digest.update($0) }
        }
        guard digest.value == files.digest(of: read) else {
            throw WrongBytes(
                description: """
                    wrong bytes from \(response.head.endpoint), status \(response.status): \
                    bytes \(read.range.lowerBound)-\(read.range.upperBound - 1) of \(files.url(of: read, at: origin))
                    """)
        }
        return firstByte ?? .now()
    }

    private func record(
        _ read: Read, _ head: ResponseHead, from start: MonotonicTime, firstByte: MonotonicTime
    ) -> ReadRecord {
        let end = MonotonicTime.now()
        return ReadRecord(
            time: (end - beginning).inSeconds, bytes: read.range.count,
            outcome: head.cacheStatus == .hit ? .hit : .miss, seedPeer: fleet.name(of: head.endpoint),
            firstByte: (firstByte - start).inSeconds, lastByte: (end - start).inSeconds)
    }
}

extension ResponseHead {
    fileprivate var isLastOfConnection: Bool { headers[.connection]?.lowercased() == "close" }
}
