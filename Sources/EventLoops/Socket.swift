import CPosixIO
import Glibc
package import SeedSupport

/// Bytes of a gathered write, laid out as the system's `iovec`: which C module owns that type differs between build modes.
package struct IOVector {
    package var base: UnsafeRawPointer?
    package var count: Int

    /// - Parameter bytes: must stay valid as long as this is used.
    package init(_ bytes: UnsafeRawBufferPointer) {
        base = bytes.baseAddress
        count = bytes.count
    }
}

/// Calls on TCP sockets, one each: repeated when a signal interrupts them, errno as a typed error. All sockets are
/// non-blocking, so `EAGAIN` is an ordinary result.
package enum Socket {
    /// - Returns: bytes received; 0 when the peer has closed its side.
    package static func receive(_ socket: Int32, into buffer: UnsafeMutableRawBufferPointer) throws(Errno) -> Int {
        try System.call { posix_io_receive(socket, buffer.baseAddress, buffer.count) }
    }

    /// A gathered write.
    /// - Parameter more: the kernel waits for what follows before it sends a short packet.
    /// - Returns: bytes taken.
    package static func send(
        _ socket: Int32, _ vectors: UnsafeBufferPointer<IOVector>, more: Bool = false
    ) throws(Errno) -> Int {
        try System.call { posix_io_send(socket, vectors.baseAddress, vectors.count, more ? 1 : 0) }
    }

    package static func send(_ socket: Int32, _ bytes: UnsafeRawBufferPointer) throws(Errno) -> Int {
        var vector = IOVector(bytes)
        return try System.call { posix_io_send(socket, &vector, 1, 0) }
    }

    /// Sends a part of a file out of the page cache.
    /// - Returns: bytes taken; 0 where the file ends.
    package static func sendFile(
        _ socket: Int32, from file: Int32, at offset: Int64, count: Int
    ) throws(Errno) -> Int {
        var position = offset
        return try System.call { posix_io_send_file(socket, file, &position, count) }
    }

    /// Tells the peer that nothing more comes.
    package static func shutdownWrite(_ socket: Int32) {
        _ = posix_io_shutdown_write(socket)
    }

    /// Closes so that the peer sees a reset, never an orderly end.
    package static func reset(_ socket: Int32) {
        posix_io_reset(socket)
    }

    package static func close(_ socket: Int32) {
        System.close(socket)
    }

    /// Short packets leave at once (without Nagle's delay).
    static func setNoDelay(_ socket: Int32) {
        _ = posix_io_no_delay(socket)
    }

    /// Shuts both directions down; the descriptor stays open. What the peer sends from now on is refused.
    package static func shutdown(_ socket: Int32) {
        _ = posix_io_shutdown(socket)
    }

    /// Whether there is something to read: bytes, the peer's end, or a failure.
    package static func hasInput(_ socket: Int32) -> Bool {
        posix_io_has_input(socket) != 0
    }

    /// The smallest round trip of a connection that the kernel has measured, in whole microseconds; nil if it has none.
    package static func smallestRoundTrip(_ socket: Int32) -> Duration? {
        let microseconds = posix_io_smallest_round_trip(socket)
        return microseconds > 0 ? .microseconds(microseconds) : nil
    }

    /// Bytes beyond which a socket with unsent bytes isn't writable.
    package static func setUnsentLimit(_ socket: Int32, _ count: Int) {
        _ = posix_io_not_sent_low_water(socket, Int32(clamping: count))
    }

    /// What a peer has done with its side of a connection.
    package enum PeerState: Sendable {
        case open
        /// It sends nothing more, and may still read.
        case closedItsSide
        case gone
    }

    /// Tells without reading, so also while nothing is read from the connection.
    package static func peerState(_ socket: Int32) -> PeerState {
        switch posix_io_tcp_state(socket) {
        case 1...6: .open
        case 8, 9, 11: .closedItsSide
        default: .gone
        }
    }

    /// Bytes handed to the kernel that the peer has not acknowledged.
    package static func unacknowledged(_ socket: Int32) -> Int {
        max(0, Int(posix_io_unsent(socket)))
    }

    package static func localAddress(_ socket: Int32) throws(Errno) -> SocketAddress {
        try address(of: "a listening socket") { posix_io_local_address(socket, $0, $1) }.address
    }

    /// Begins to connect: writable or failed later.
    package static func connect(to address: SocketAddress) throws(Errno) -> Int32 {
        let socket = try System.call { posix_io_socket(address.isIPv6 ? 1 : 0) }
        setNoDelay(socket)
        do throws(Errno) {
            _ = try address.withRawSocketAddress { raw, length throws(Errno) in
                try System.call { posix_io_connect(socket, raw, length) }
            }
        } catch {
            guard error.code == EINPROGRESS else {
                System.close(socket)
                throw error
            }
        }
        return socket
    }

    /// A connection has the options of its listener: two system calls less for each.
    static func accept(_ listener: Int32) throws(Errno) -> AcceptedSocket {
        let (socket, peer) = try address(of: "a connection") { posix_io_accept(listener, $0, $1) }
        return AcceptedSocket(descriptor: socket, peer: peer)
    }

    private static func address(
        of what: StaticString, _ call: (UnsafeMutableRawPointer, UnsafeMutablePointer<UInt32>) -> Int32
    ) throws(Errno) -> (result: Int32, address: SocketAddress) {
        try withUnsafeTemporaryAllocation(byteCount: SocketAddress.rawLength, alignment: 8) { raw throws(Errno) in
            raw.initializeMemory(as: UInt8.self, repeating: 0)
            let result = try System.call {
                var length = UInt32(SocketAddress.rawLength)
                return call(raw.baseAddress!, &length)  // never nil: 28 bytes
            }
            guard let address = SocketAddress(socketAddress: raw.baseAddress!) else {
                preconditionFailure("\(what) is neither IPv4 nor IPv6")
            }
            return (result, address)
        }
    }
}

/// A connection that was accepted: non-blocking, closed at exec, without Nagle's delay.
package struct AcceptedSocket: Sendable {
    /// Owned by the receiver of this value.
    package let descriptor: Int32
    package let peer: SocketAddress
}
