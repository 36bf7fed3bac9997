/// An IPv4 address in any spelling that the WHATWG rules take: one to four numbers, decimal, octal or hexadecimal.
struct IPv4Text {
    private let address: UInt32

    /// Whether a domain ends in a number, so that it must be a valid address.
    static func isMeant(by domain: [UInt8]) -> Bool {
        guard let last = labels(of: domain).last, !last.isEmpty else { return false }
        return last.allSatisfy(isDigit) || isHexadecimal(last)
    }

    init?(_ domain: [UInt8]) {
        let labels = IPv4Text.labels(of: domain)
        guard labels.count <= 4 else { return nil }
        var address: UInt64 = 0
        for (index, label) in labels.enumerated() {
            guard let number = IPv4Text.number(label) else { return nil }
            let isLast = index == labels.count - 1
            // The last number fills all bytes that are left.
            let bits = isLast ? 8 * (4 - index) : 8
            guard number < 1 << UInt64(bits) else { return nil }
            address = address << UInt64(bits) | number
        }
        self.address = UInt32(address)
    }

    var written: [UInt8] {
        Array("\(address >> 24).\(address >> 16 & 255).\(address >> 8 & 255).\(address & 255)".utf8)
    }

    /// One dot at the end is not a label of its own.
    private static func labels(of domain: [UInt8]) -> [ArraySlice<UInt8>] {
        var labels = domain.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false)
        if labels.count > 1, labels.last?.isEmpty == true { labels.removeLast() }
        return labels
    }

    private static func isHexadecimal(_ label: ArraySlice<UInt8>) -> Bool {
        label.starts(with: "0x".utf8) && label.dropFirst(2).allSatisfy { hexValue($0) != nil }
    }

    private static func number(_ label: ArraySlice<UInt8>) -> UInt64? {
        if isHexadecimal(label) { return number(label.dropFirst(2), radix: 16) }
        guard !label.isEmpty, label.allSatisfy(isDigit) else { return nil }
        return number(label, radix: label.count > 1 && label.first == UInt8(ascii: "0") ? 8 : 10)
    }

    /// `0x` alone is 0.
    private static func number(_ digits: ArraySlice<UInt8>, radix: UInt64) -> UInt64? {
        var value: UInt64 = 0
        for digit in digits {
            guard let next = hexValue(digit).map(UInt64.init), next < radix else { return nil }
            value = min(value * radix + next, 1 << 32)
        }
        return value
    }
}

/// An IPv6 address as it stands between brackets.
struct IPv6Text {
    private var groups: [UInt16] = []

    init?(_ text: ArraySlice<UInt8>) {
        var rest = text
        var gap: Int?
        if rest.starts(with: "::".utf8) {
            rest = rest.dropFirst(2)
            gap = 0
        }
        while !rest.isEmpty {
            guard groups.count < 8, readGroups(&rest), skipColon(&rest, gap: &gap) else { return nil }
        }
        guard fill(gap) else { return nil }
    }

    /// One group of up to four digits, or the two groups of an IPv4 tail.
    private mutating func readGroups(_ rest: inout ArraySlice<UInt8>) -> Bool {
        if let tail = IPv6Text.dottedTail(rest) {
            guard groups.count <= 6 else { return false }
            groups += [UInt16(tail >> 16), UInt16(tail & 0xFFFF)]
            rest = []
            return true
        }
        let digits = rest.prefix(4).prefix { hexValue($0) != nil }
        guard !digits.isEmpty else { return false }
        groups.append(digits.reduce(0) { $0 << 4 | UInt16(hexValue($1) ?? 0) })
        rest = rest[digits.endIndex...]
        return true
    }

    /// What follows a group: the end, a colon and more, or the one `::`.
    private func skipColon(_ rest: inout ArraySlice<UInt8>, gap: inout Int?) -> Bool {
        guard !rest.isEmpty else { return true }
        guard rest.popFirst() == UInt8(ascii: ":"), let next = rest.first else { return false }
        guard next == UInt8(ascii: ":") else { return true }
        guard gap == nil else { return false }
        rest.removeFirst()
        gap = groups.count
        return true
    }

    private mutating func fill(_ gap: Int?) -> Bool {
        guard let gap else { return groups.count == 8 }
        guard groups.count < 8 else { return false }
        groups.insert(contentsOf: repeatElement(0, count: 8 - groups.count), at: gap)
        return true
    }

    /// Four decimal numbers without leading zeros; unlike a host's, no other spelling.
    private static func dottedTail(_ text: ArraySlice<UInt8>) -> UInt32? {
        let parts = text.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false)
        guard parts.count == 4 else { return nil }
        var address: UInt32 = 0
        for part in parts {
            guard (1...3).contains(part.count), part.allSatisfy(isDigit) else { return nil }
            guard part.count == 1 || part.first != UInt8(ascii: "0") else { return nil }
            let value = part.reduce(UInt32(0)) { $0 * 10 + UInt32($1 - UInt8(ascii: "0")) }
            guard value <= 255 else { return nil }
            address = address << 8 | value
        }
        return address
    }

    /// In brackets; the first of the longest runs of two zero groups or more becomes `::`.
    var written: [UInt8] {
        let zeros = longestZeroRun
        var text = "["
        for (index, group) in groups.enumerated() where !zeros.contains(index) || index == zeros.lowerBound {
            if index == zeros.lowerBound, !zeros.isEmpty {
                text += index == 0 ? "::" : ":"
            } else {
                text += String(group, radix: 16) + (index == 7 ? "" : ":")
            }
        }
        return Array("\(text)]".utf8)
    }

    private var longestZeroRun: Range<Int> {
        var longest = 0..<0
        var start = 0
        for index in groups.indices {
            if groups[index] != 0 { start = index + 1 }
            if index + 1 - start > max(longest.count, 1) { longest = start..<index + 1 }
        }
        return longest
    }
}
