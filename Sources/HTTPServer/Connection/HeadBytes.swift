import Glibc
package import HTTPSemantics
package import SeedSupport

/// A head, or some fields of one, written straight into the bytes that leave.
///
/// Not copyable, so its memory has one writer and needs no uniqueness check for each field.
package struct HeadBytes: ~Copyable {
    /// Of the response that it begins; 0 for fields alone.
    package let status: Int
    private(set) var buffer: HeadBuffer
    /// Where the next byte goes, and where the memory ends.
    private var cursor: UnsafeMutableRawPointer
    private var limit: UnsafeMutableRawPointer

    package init(capacity: Int = 512) {
        self.init(status: 0, in: HeadBuffer(capacity: capacity))
    }

    /// Begins a response with its status line.
    package init(status: Int) {
        self.init(beginning: status, in: HeadBuffer(capacity: HeadBuffer.usual))
    }

    /// - Parameter buffer: that nothing else uses.
    init(beginning status: Int, in buffer: HeadBuffer) {
        self.init(status: status, in: buffer)
        switch status {
        case 200: text("HTTP/1.1 200 OK\r\n")
        case 206: text("HTTP/1.1 206 Partial Content\r\n")
        default: line("HTTP/1.1 \(status) ", HTTPStatus(status).reasonPhrase)
        }
    }

    private init(status: Int, in buffer: HeadBuffer) {
        self.status = status
        self.buffer = buffer
        cursor = buffer.base
        limit = buffer.base + buffer.capacity
    }

    /// How many bytes were written.
    package var count: Int { cursor - buffer.base }

    /// A copy of what was written.
    package var bytes: Bytes { Bytes(copying: UnsafeRawBufferPointer(start: buffer.base, count: count)) }
}

// MARK: Fields

extension HeadBytes {
    package mutating func field(_ name: StaticString, _ value: String) {
        text(name)
        separator()
        put(value)
        endLine()
    }

    /// - Parameter value: a negative one is written as 0.
    package mutating func field(_ name: StaticString, _ value: some FixedWidthInteger) {
        field(name, number: UInt64(clamping: value))
    }

    /// The same for lengths and ages, of which each head has some: the conversion of any integer costs 230 instructions.
    package mutating func field(_ name: StaticString, _ value: Int64) {
        field(name, number: UInt64(max(value, 0)))
    }

    private mutating func field(_ name: StaticString, number value: UInt64) {
        text(name)
        separator()
        put(value)
        endLine()
    }

    /// Values leave byte for byte as they came.
    package mutating func fields(_ fields: HTTPFields) {
        for field in fields {
            put(field.name.rawName)
            separator()
            field.withUnsafeBytesOfValue { put($0) }
            endLine()
        }
    }

    package mutating func field(_ name: UnsafeRawBufferPointer, _ value: UnsafeRawBufferPointer) {
        put(name)
        separator()
        put(value)
        endLine()
    }

    package mutating func line(_ parts: String...) {
        for part in parts { put(part) }
        endLine()
    }

    /// `Content-Range: bytes first-last/length`.
    package mutating func contentRange(_ lower: Int64, _ upper: Int64, of length: Int64) {
        text("Content-Range: bytes ")
        put(UInt64(clamping: lower))
        put(UInt8(ascii: "-"))
        put(UInt64(clamping: upper - 1))
        put(UInt8(ascii: "/"))
        put(UInt64(clamping: length))
        endLine()
    }

    package mutating func append(_ bytes: Bytes) {
        put(bytes.unowned)
        withExtendedLifetime(bytes) {}
    }

    package mutating func text(_ text: StaticString) {
        put(UnsafeRawBufferPointer(start: text.utf8Start, count: text.utf8CodeUnitCount))
    }

    /// The empty line after the fields.
    mutating func endHead() {
        endLine()
    }
}

// MARK: Bytes

extension HeadBytes {
    private mutating func separator() {
        put(UInt8(ascii: ":"))
        put(.space)
    }

    private mutating func endLine() {
        put(.carriageReturn)
        put(.lineFeed)
    }

    private mutating func put(_ text: String) {
        var text = text
        text.withUTF8 { put(UnsafeRawBufferPointer($0)) }
    }

    @inline(__always)
    private mutating func put(_ byte: UInt8) {
        if cursor == limit { grow(by: 1) }
        cursor.storeBytes(of: byte, as: UInt8.self)
        cursor += 1
    }

    @inline(__always)
    private mutating func put(_ bytes: UnsafeRawBufferPointer) {
        guard let source = bytes.baseAddress else { return }
        if limit - cursor < bytes.count { grow(by: bytes.count) }
        memcpy(cursor, source, bytes.count)
        cursor += bytes.count
    }

    /// Decimal digits without a `String` between, two at a time.
    private mutating func put(_ value: UInt64) {
        let length = Self.digits(value)
        if limit - cursor < length { grow(by: length) }
        let pairs = UnsafeRawPointer(Self.pairs.utf8Start)
        var (offset, rest) = (length, value)
        while offset > 1 {
            let hundredth = rest / 100
            let pair = pairs.loadUnaligned(
                fromByteOffset: Int(truncatingIfNeeded: (rest &- hundredth &* 100) &* 2), as: UInt16.self)
            offset &-= 2
            cursor.storeBytes(of: pair, toByteOffset: offset, as: UInt16.self)
            rest = hundredth
        }
        if offset == 1 { cursor.storeBytes(of: UInt8(truncatingIfNeeded: rest &+ 0x30), as: UInt8.self) }
        cursor += length
    }

    private static var pairs: StaticString {
        """
        00010203040506070809101112131415161718192021222324252627282930313233343536373839404142434445464748495051525354\
        555657585960616263646566676869707172737475767778798081828384858687888990919293949596979899
        """
    }

    private static func digits(_ value: UInt64) -> Int {
        var (length, bound) = (1, UInt64(10))
        // From 10^19 on the next power doesn't fit.
        while value >= bound, length < 20 {
            length &+= 1
            bound &*= 10
        }
        return length
    }

    private mutating func grow(by more: Int) {
        let count = count
        let larger = HeadBuffer(capacity: max(2 * buffer.capacity, count + more))
        memcpy(larger.base, buffer.base, count)
        buffer = larger
        cursor = larger.base + count
        limit = larger.base + larger.capacity
    }
}

/// Memory for a head. It may be reused when the reference is unique.
final class HeadBuffer {
    /// Bytes that most heads need no more than.
    static let usual = 2_048

    let base: UnsafeMutableRawPointer
    let capacity: Int

    init(capacity: Int) {
        base = UnsafeMutableRawPointer.allocate(byteCount: capacity, alignment: 1)
        self.capacity = capacity
    }

    deinit { base.deallocate() }
}
