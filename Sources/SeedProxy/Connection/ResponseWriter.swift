import HTTPTypes
import NIOCore
import NIOHTTP1

/// Writes one response head straight into the bytes that leave.
struct ResponseWriter {
    private(set) var buffer: ByteBuffer

    init(status: Int, allocator: ByteBufferAllocator) {
        buffer = allocator.buffer(capacity: 1024)
        buffer.writeStaticString("HTTP/1.1 ")
        write(status)
        buffer.writeStaticString(" ")
        buffer.writeString(HTTPResponseStatus(statusCode: status).reasonPhrase)
        buffer.writeStaticString("\r\n")
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

    mutating func fields(_ fields: HTTPFields) {
        for field in fields {
            buffer.writeString(field.name.rawName)
            buffer.writeStaticString(": ")
            buffer.writeString(field.value)
            buffer.writeStaticString("\r\n")
        }
    }

    /// The empty line after the fields.
    mutating func end() {
        buffer.writeStaticString("\r\n")
    }

    /// Decimal digits without a `String` between.
    private mutating func write(_ value: some FixedWidthInteger) {
        var rest = UInt64(clamping: value)
        buffer.writeWithUnsafeMutableBytes(minimumWritableBytes: 20) { bytes in
            var digits: (count: Int, start: Int) = (0, 20)
            repeat {
                digits.start -= 1
                digits.count += 1
                bytes[digits.start] = UInt8(ascii: "0") + UInt8(rest % 10)
                rest /= 10
            } while rest > 0
            bytes.copyBytes(from: UnsafeRawBufferPointer(rebasing: bytes[digits.start..<20]))
            return digits.count
        }
    }
}
