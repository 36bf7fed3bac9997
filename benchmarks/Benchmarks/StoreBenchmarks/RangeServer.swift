import Glibc
import HTTPSemantics
import SeedStorage
import SeedSupport

/// Where a server takes held bytes from.
enum ReadPath: String, CaseIterable {
    /// Blocks in memory, in gathered writes.
    case memory
    /// The content file by `sendfile`.
    case sendfile
    /// `pread` on the server's thread, into a buffer that is used again.
    case pread
}

/// Answers each 8 bytes (an offset) with so many bytes from there: one thread, some connections, `poll`.
struct RangeServer {
    private let path: ReadPath
    private let file: ContentFile
    private let blocks: [Bytes]
    private let length: Int
    private var buffer = ByteBuilder(capacity: blockLength)

    init(_ path: ReadPath, file: ContentFile, blocks: [Bytes], length: Int) {
        self.path = path
        self.file = file
        self.blocks = blocks
        self.length = length
    }

    fileprivate struct Connection {
        let socket: Int32
        var waiting = FIFO<Extent>()
        var isOpen = true
    }

    /// Accepts so many connections and serves them until all are closed.
    mutating func serve(_ count: Int, from listener: Int32) throws {
        var connections: [Connection] = []
        for _ in 0..<count {
            let socket = try System.call { accept(listener, nil, nil) }
            try System.call { fcntl(socket, F_SETFL, O_NONBLOCK) }
            // Else the end of each response waits for the client's delayed acknowledgement.
            var isOn: Int32 = 1
            try System.call { setsockopt(socket, Int32(IPPROTO_TCP), TCP_NODELAY, &isOn, socklen_t(4)) }
            connections.append(Connection(socket: socket))
        }
        while connections.contains(where: \.isOpen) { try turn(&connections) }
        for connection in connections { System.close(connection.socket) }
    }

    private mutating func turn(_ connections: inout [Connection]) throws {
        var events = connections.map { connection in
            pollfd(
                fd: connection.isOpen ? connection.socket : -1,
                events: Int16(connection.waiting.isEmpty ? POLLIN : POLLOUT), revents: 0)
        }
        try System.call { poll(&events, nfds_t(events.count), -1) }
        for (index, event) in events.enumerated() where event.revents != 0 {
            do throws(Errno) {
                if connections[index].waiting.isEmpty { try readQuestion(&connections[index]) }
                try send(&connections[index])
            } catch .again {
            } catch {
                connections[index].isOpen = false
            }
        }
    }

    private func readQuestion(_ connection: inout Connection) throws(Errno) {
        var offset: UInt64 = 0
        // A client asks when it has the last response, so its 8 bytes come alone and together.
        let count = try System.call { recv(connection.socket, &offset, 8, 0) }
        guard count == 8 else { throw Errno(ECONNRESET) }
        for extent in extents(Int64(offset)) { connection.waiting.append(extent) }
    }

    private func extents(_ offset: Int64) -> [Extent] {
        let range = ByteRange(offset, offset + Int64(length))
        guard path == .memory else { return [.file(file.lease().extent(of: range))] }
        var (extents, at): ([Extent], Int) = ([], Int(offset))
        while at < range.upperBound {
            let count = min(blockLength - at % blockLength, Int(range.upperBound) - at)
            extents.append(.bytes(blocks[at / blockLength].slice(at: at % blockLength, count: count)))
            at += count
        }
        return extents
    }

    /// Sends as much as the socket takes.
    private mutating func send(_ connection: inout Connection) throws(Errno) {
        while let first = connection.waiting.first {
            switch first {
            case .bytes, .leased: try sendBytes(&connection)
            case .file(let extent):
                let count =
                    path == .sendfile
                    ? try sendFile(extent, connection.socket) : try sendCopy(extent, connection.socket)
                connection.drop(count)
            }
        }
    }

    /// Up to 64 neighbouring extents by one call.
    private func sendBytes(_ connection: inout Connection) throws(Errno) {
        let parts = connection.waiting.prefix(64)
        var vectors = parts.map { part in
            guard case .bytes(let bytes) = part else { return iovec() }
            return iovec(iov_base: UnsafeMutableRawPointer(mutating: bytes.unowned.baseAddress), iov_len: bytes.count)
        }
        let socket = connection.socket
        let count = try System.call { writev(socket, &vectors, Int32(vectors.count)) }
        withExtendedLifetime(parts) {}
        connection.drop(count)
    }

    private func sendFile(_ extent: FileExtent, _ socket: Int32) throws(Errno) -> Int {
        var offset = off_t(extent.offset)
        return try System.call { sendfile(socket, extent.descriptor, &offset, extent.count) }
    }

    private mutating func sendCopy(_ extent: FileExtent, _ socket: Int32) throws(Errno) -> Int {
        buffer.removeAll()
        try buffer.append(minimum: blockLength) { room throws(Errno) in
            let part = UnsafeMutableRawBufferPointer(rebasing: room[..<min(blockLength, extent.count)])
            return try System.read(extent.descriptor, part, at: extent.offset)
        }
        return try buffer.withUnsafeBytes { bytes throws(Errno) in try System.write(socket, bytes) }
    }
}

extension RangeServer.Connection {
    /// Takes what was sent from the front of what waits.
    fileprivate mutating func drop(_ sent: Int) {
        var left = sent
        while left > 0, let first = waiting.first {
            guard left < first.count else {
                left -= first.count
                _ = waiting.popFirst()
                continue
            }
            switch first {
            case .bytes(let bytes), .leased(let bytes, _): waiting.replaceFirst(with: .bytes(bytes.suffix(from: left)))
            case .file(var extent):
                extent.removeFirst(left)
                waiting.replaceFirst(with: .file(extent))
            }
            left = 0
        }
    }
}
