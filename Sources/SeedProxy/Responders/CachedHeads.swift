import Glibc
import HTTPSemantics
import HTTPServer
import SeedEngine
import SeedSupport

/// Heads of responses out of the cache, for GET and HEAD.
extension ProxyApplication {
    /// Begins a 200, or a 206 with one range or several. Content-Length, date and connection are the server's to add.
    func begin(_ head: StreamHead, _ prepared: PreparedHead, _ multipart: Multipart?, on connection: ClientConnection) {
        let isPartial = head.isPartial || multipart != nil
        var bytes = connection.head(isPartial ? 206 : 200)
        bytes.append(prepared.bytes)
        if let multipart {
            bytes.field("Content-Type", "multipart/byteranges; boundary=\(multipart.boundary)")
        } else {
            bytes.append(prepared.contentTypeField)
            if isPartial { bytes.contentRange(head.range.lowerBound, head.range.upperBound, of: head.length) }
        }
        writeCacheFields(&bytes, head)
        connection.begin(&bytes, .length(multipart?.contentLength ?? head.range.count))
    }

    private func writeCacheFields(_ bytes: inout HeadBytes, _ head: StreamHead) {
        bytes.field("Age", max(0, Int64(Glibc.time(nil)) - head.storedAt.seconds))
        if head.cacheStatus == .hit {
            bytes.append(hitField)
        } else {
            bytes.field("Cache-Status", configuration.name + head.cacheStatus.parameters)
        }
        if head.isFinished { bytes.text("X-Dragonfly-Task-Download-Finished: true\r\n") }
    }

    /// A whole 304.
    func answerNotModified(_ prepared: PreparedHead, on connection: ClientConnection) {
        var bytes = connection.head(304)
        bytes.append(prepared.notModified)
        bytes.append(hitField)
        connection.begin(&bytes, .none)
        connection.end()
    }
}

extension StreamHead.CacheStatus {
    /// RFC 9211 §2.
    fileprivate var parameters: String {
        switch self {
        case .hit: "; hit"
        case .stale: "; hit; detail=stale"
        case .revalidated: "; fwd=stale; fwd-status=304"
        case .miss(collapsed: false): "; fwd=miss; stored"
        case .miss(collapsed: true): "; fwd=miss; collapsed"
        }
    }
}
