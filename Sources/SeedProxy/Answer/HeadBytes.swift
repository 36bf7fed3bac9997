import HTTPTypes
import NIOCore
import NIOHTTP1

/// A head, or some fields of one, written straight into the bytes that leave.
struct HeadBytes {
    private(set) var buffer: ByteBuffer

    init(capacity: Int = 512) {
        buffer = ByteBufferAllocator().buffer(capacity: capacity)
    }

    /// Begins an answer with its status line.
    /// - Parameter bodyCapacity: room for a body that leaves in the same write.
    init(status: Int, bodyCapacity: Int = 0) {
        self.init(capacity: 1024 + bodyCapacity)
        switch status {
        case 200: text("HTTP/1.1 200 OK\r\n")
        case 206: text("HTTP/1.1 206 Partial Content\r\n")
        default: line("HTTP/1.1 \(status) ", HTTPResponseStatus(statusCode: status).reasonPhrase)
        }
    }

    /// Adds the empty line after the fields.
    /// - Returns: the bytes of the head.
    mutating func finish() -> ByteBuffer {
        text("\r\n")
        return buffer
    }

    mutating func field(_ name: StaticString, _ value: String) {
        buffer.writeStaticString(name)
        buffer.writeStaticString(": ")
        buffer.writeString(value)
        buffer.writeStaticString("\r\n")
    }

    mutating func field(_ name: StaticString, _ value: some FixedWidthInteger) {
        buffer.writeStaticString(name)
        buffer.writeStaticString(": ")
        write(value)
        buffer.writeStaticString("\r\n")
    }

    /// Values leave byte for byte as they came.
    mutating func fields(_ fields: HTTPFields) {
        for field in fields {
            buffer.writeString(field.name.rawName)
            buffer.writeStaticString(": ")
            field.withUnsafeBytesOfValue { _ = buffer.writeBytes($0) }
            buffer.writeStaticString("\r\n")
        }
    }

    mutating func field(_ name: UnsafeRawBufferPointer, _ value: UnsafeRawBufferPointer) {
        buffer.writeBytes(name)
        buffer.writeStaticString(": ")
        buffer.writeBytes(value)
        buffer.writeStaticString("\r\n")
    }

    mutating func line(_ parts: String...) {
        for part in parts { buffer.writeString(part) }
        buffer.writeStaticString("\r\n")
    }

    /// `Content-Range: bytes first-last/length`.
    mutating func contentRange(_ lower: Int64, _ upper: Int64, of length: Int64) {
        buffer.writeStaticString("Content-Range: bytes ")
        write(lower)
        buffer.writeStaticString("-")
        write(upper - 1)
        buffer.writeStaticString("/")
        write(length)
        buffer.writeStaticString("\r\n")
    }

    /// Who answers, on every answer of ours.
    mutating func answerer(_ configuration: ProxyConfiguration) {
        field("X-Dragonfly-Server-IP", configuration.serverIP)
        field("Via", "1.1 " + configuration.name)
    }

    mutating func append(_ bytes: ByteBuffer) {
        buffer.writeImmutableBuffer(bytes)
    }

    mutating func text(_ text: StaticString) {
        buffer.writeStaticString(text)
    }

    /// Decimal digits without a `String` between.
    mutating func write(_ value: some FixedWidthInteger) {
        var rest = UInt64(clamping: value)
        buffer.writeWithUnsafeMutableBytes(minimumWritableBytes: 20) { bytes in
            var start = 20
            repeat {
                start -= 1
                bytes[start] = UInt8(ascii: "0") + UInt8(truncatingIfNeeded: rest % 10)
                rest /= 10
            } while rest > 0
            bytes.copyMemory(from: UnsafeRawBufferPointer(rebasing: UnsafeRawBufferPointer(bytes)[start..<20]))
            return 20 - start
        }
    }
}
