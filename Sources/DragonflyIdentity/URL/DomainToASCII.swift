import CICU

/// UTS 46 processing of domain names, done by ICU.
///
/// ICU maps and normalises the name, writes and checks `xn--` labels, and applies the rules for joiners and
/// right-to-left text; see `cicu.c` for the options. We add mappings that its tables may be too old for. Names that
/// need no table bypass it.
enum DomainToASCII {
    /// Nil if the name is invalid. Forbidden characters (`/`, space …) are the caller's to check.
    static func convert(_ domain: ArraySlice<UInt8>) -> [UInt8]? {
        guard domain.contains(where: { $0 >= 0x80 }) || labels(domain).contains(where: isEncoded) else {
            return domain.map(lowercased)
        }
        guard let name = ICU.shared?.convert(NewerMappings.apply(to: domain)) else { return nil }
        // A label that is encoded without need decodes to plain ASCII, which UTS 46 refuses since Unicode 15.1.
        return labels(name[...]).contains { isEncoded($0) && $0.last == UInt8(ascii: "-") } ? nil : name
    }

    private static func labels(_ domain: ArraySlice<UInt8>) -> [ArraySlice<UInt8>] {
        domain.split(separator: UInt8(ascii: "."))
    }

    private static func isEncoded(_ label: ArraySlice<UInt8>) -> Bool {
        label.prefix(4).map(lowercased).elementsEqual("xn--".utf8)
    }
}

// Unchecked: the converter is immutable, and its manual says that any number of threads may use it.
private struct ICU: @unchecked Sendable {
    /// Nil when ICU's data is missing; then only names that need no table are taken.
    static let shared = ICU()

    private let domains: OpaquePointer

    private init?() {
        guard let domains = cicu_domains_open() else { return nil }
        self.domains = domains
    }

    func convert(_ name: [UInt8]) -> [UInt8]? {
        // A label grows by `xn--` and little more; if that is too little, ICU says what it needs.
        var capacity = 2 * name.count + 64
        while true {
            var length: Int32 = -1
            let result = [UInt8](unsafeUninitializedCapacity: capacity) { buffer, count in
                length = cicu_domain_to_ascii(
                    domains, name, Int32(clamping: name.count), buffer.baseAddress, Int32(clamping: capacity))
                count = min(max(Int(length), 0), capacity)
            }
            guard length >= 0 else { return nil }
            if Int(length) <= capacity { return result }
            capacity = Int(length)
        }
    }
}
