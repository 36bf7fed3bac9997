import Glibc
import HTTPSemantics
import HTTPServer
import SeedEngine
import SeedSupport

/// Heads of cached responses, for GET and HEAD.
extension ProxyApplication {
    /// Begins a 200, or a 206 with one range or several. Content-Length, date and connection are the server's to add.
    func begin(_ head: StreamHead, _ prepared: PreparedHead, _ multipart: Multipart?, on connection: ClientConnection) {
        let isPartial = head.isPartial || multipart != nil
        let age = max(0, Int64(Glibc.time(nil)) - head.storedAt.seconds)
        var bytes = connection.head(isPartial ? 206 : 200)
        if multipart == nil, head.cacheStatus == .hit {
            bytes.append(prepared.fieldsOfHit(age: age, isFinished: head.isFinished, cacheStatus: hitField))
        } else {
            bytes.append(prepared.bytes)
            writeContentType(&bytes, prepared, multipart)
            writeCacheFields(&bytes, head, age: age)
        }
        if multipart == nil, isPartial {
            bytes.contentRange(head.range.lowerBound, head.range.upperBound, of: head.length)
        }
        connection.begin(&bytes, .length(multipart?.contentLength ?? head.range.count))
    }

    private func writeContentType(_ bytes: inout HeadBytes, _ prepared: PreparedHead, _ multipart: Multipart?) {
        guard let multipart else { return bytes.append(prepared.contentTypeField) }
        bytes.field("Content-Type", "multipart/byteranges; boundary=\(multipart.boundary)")
    }

    private func writeCacheFields(_ bytes: inout HeadBytes, _ head: StreamHead, age: Int64) {
        bytes.field("Age", age)
        bytes.field("Cache-Status", configuration.name + head.cacheStatus.parameters)
        if head.isFinished { bytes.text(PreparedHead.finishedField) }
    }

    /// A whole 304.
    func respondNotModified(_ prepared: PreparedHead, on connection: ClientConnection) {
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
