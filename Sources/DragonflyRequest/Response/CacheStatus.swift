/// What the cache next to us says it did, by `Cache-Status` (RFC 9211).
public enum CacheStatus: Hashable, Sendable {
    /// All bytes were held.
    case hit
    /// Bytes had to be fetched from the origin.
    case miss
    /// The request went straight through.
    case bypass

    /// Reads the last member of the list, which is the cache nearest to us. Nil when it says nothing we know.
    init?(header: String) {
        guard let member = header.utf8.splitUnquoted(at: UInt8(ascii: ",")).last else { return nil }
        let parameters = member.splitUnquoted(at: UInt8(ascii: ";")).dropFirst().map {
            $0.filter { $0 != 0x20 && $0 != 0x09 }
        }
        if parameters.contains(where: { $0.elementsEqual("hit".utf8) || $0.elementsEqual("hit=?1".utf8) }) {
            self = .hit
        } else if let forward = parameters.first(where: { $0.starts(with: "fwd=".utf8) }) {
            self = forward.elementsEqual("fwd=bypass".utf8) ? .bypass : .miss
        } else {
            return nil
        }
    }
}

extension Collection<UInt8> {
    /// The parts between separators that are not inside a quoted string.
    fileprivate func splitUnquoted(at separator: UInt8) -> [[UInt8]] {
        var parts: [[UInt8]] = [[]]
        var isQuoted = false
        var isEscaped = false
        for byte in self {
            if byte == separator, !isQuoted {
                parts.append([])
                continue
            }
            if byte == UInt8(ascii: "\""), !isEscaped { isQuoted.toggle() }
            isEscaped = isQuoted && byte == UInt8(ascii: "\\") && !isEscaped
            parts[parts.count - 1].append(byte)
        }
        return parts
    }
}
