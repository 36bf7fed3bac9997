package import SeedSupport

/// A request in the order its parts arrive.
package enum RequestPart {
    case head(RequestHead)
    case body(Bytes)
    case end
    /// What followed could not be read as HTTP; nothing comes after it.
    case malformed(RequestError)
}

/// Turns the bytes of one connection into request parts, on demand.
///
/// Bytes are lent to it for as long as parts are taken; only what is left then is copied: an unfinished line or head, or
/// what nothing has asked for yet. Between requests it holds no memory.
package struct RequestReader {
    private enum Phase {
        case head
        case body(BodyReader)
        /// Malformed input; the rest is discarded.
        case dead
    }

    /// What was kept, from `heldStart` on.
    private var held = ByteBuilder()
    private var heldStart = 0
    /// Valid between `lend` and `keep` only; nothing is held then.
    private var lent: UnsafeRawBufferPointer?
    private var parser = HeadParser()
    private var phase = Phase.head

    package init() {}

    /// Bytes that came and have not been taken.
    package var heldCount: Int { held.count - heldStart + (lent?.count ?? 0) }

    /// Bytes came, but not the end of the head they belong to.
    package var holdsPartialHead: Bool {
        if case .head = phase { return heldCount > 0 }
        return false
    }

    /// - Parameter bytes: must stay valid until `keep`, which must follow.
    package mutating func lend(_ bytes: UnsafeRawBufferPointer) {
        if case .dead = phase { return }
        guard heldCount > 0 else { return lent = bytes }
        if heldStart > 0 { compact() }
        held.append(bytes)
    }

    /// Ends the loan: copies what has not been taken.
    package mutating func keep() {
        guard let bytes = lent.take(), !bytes.isEmpty else { return }
        held.append(bytes)
    }

    /// Copies `bytes`.
    package mutating func receive(_ bytes: UnsafeRawBufferPointer) {
        lend(bytes)
        keep()
    }

    private mutating func compact() {
        held = held.slice(at: heldStart, count: heldCount).withUnsafeBytes { rest in
            var fresh = ByteBuilder(capacity: 2 * rest.count)
            fresh.append(rest)
            return fresh
        }
        heldStart = 0
    }

    /// The next part; nil when more bytes are needed.
    package mutating func next(_ memory: inout HeadMemory) -> RequestPart? {
        do throws(RequestError) {
            if var bytes = lent {
                defer { lent = bytes }
                return try readPart(&bytes, &memory)
            }
            guard heldCount > 0 else { return endOfEmptyBody() }
            return try readHeldPart(&memory)
        } catch {
            (phase, held, heldStart, lent) = (.dead, ByteBuilder(), 0, nil)
            return .malformed(error)
        }
    }

    private mutating func readHeldPart(_ memory: inout HeadMemory) throws(RequestError) -> RequestPart? {
        let kept = held.slice(at: heldStart, count: heldCount)
        var bytes = kept.unowned
        defer {
            withExtendedLifetime(kept) {}
            heldStart += kept.count - bytes.count
            if heldCount == 0 { (held, heldStart) = (ByteBuilder(), 0) }
        }
        return try readPart(&bytes, &memory)
    }

    /// A body can be over with the last byte that came.
    private mutating func endOfEmptyBody() -> RequestPart? {
        guard case .body(let reader) = phase, reader.isOver else { return nil }
        phase = .head
        return .end
    }

    private mutating func readPart(
        _ bytes: inout UnsafeRawBufferPointer, _ memory: inout HeadMemory
    ) throws(RequestError) -> RequestPart? {
        switch phase {
        case .dead: return nil
        case .head:
            guard !bytes.isEmpty, let head = try parser.parse(&bytes, &memory) else { return nil }
            if head.hasBody { phase = .body(BodyReader(head.framing)) }
            return .head(head)
        case .body(var reader):
            let part = try reader.next(&bytes)
            phase = reader.isOver && part == nil ? .head : .body(reader)
            if let part { return .body(Bytes(copying: part)) }
            return reader.isOver ? .end : nil
        }
    }
}
