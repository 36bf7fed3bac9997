/// Frames a request's body in chunks (RFC 9112 §7.1). In place, in the send buffer.
///
/// curl 7.88 could do it, but leaves the framing out after a head that took more than one write.
enum ChunkFraming {
    private static let sizeLength = 6
    private static let lineEnd = Array("\r\n".utf8)
    private static let lastChunk = Array("0\r\n\r\n".utf8)

    /// Where in the room a chunk's bytes go: behind a size of up to four digits, in front of a line end.
    /// - Parameter room: longer than 8 bytes.
    static func content(of room: UnsafeMutableRawBufferPointer) -> UnsafeMutableRawBufferPointer {
        let end = min(room.count - lineEnd.count, sizeLength + 0xffff)
        return UnsafeMutableRawBufferPointer(rebasing: room[sizeLength..<end])
    }

    /// Completes the chunk whose bytes were put into `content(of: room)`.
    /// - Parameter count: of those bytes, at least 1.
    /// - Returns: the bytes of the room, from its front, that are to be sent.
    static func close(_ count: Int, in room: UnsafeMutableRawBufferPointer) -> Int {
        let size = Array(String(count, radix: 16).utf8) + lineEnd
        if size.count < sizeLength {
            UnsafeMutableRawBufferPointer(rebasing: room[size.count..<size.count + count])
                .copyMemory(from: UnsafeRawBufferPointer(rebasing: room[sizeLength..<sizeLength + count]))
        }
        room.copyBytes(from: size)
        let end = size.count + count
        UnsafeMutableRawBufferPointer(rebasing: room[end..<end + lineEnd.count]).copyBytes(from: lineEnd)
        return end + lineEnd.count
    }

    /// Puts the end of the body into the room.
    /// - Returns: its length.
    static func putEnd(into room: UnsafeMutableRawBufferPointer) -> Int {
        room.copyBytes(from: lastChunk)
        return lastChunk.count
    }
}
