/// Writes hosts as the WHATWG rules want them.
package enum URLHost {
    /// A host of an http or https URL in its one form: a name in lower case and ASCII, an IPv4 address as four decimal
    /// numbers, whatever it was written with, an IPv6 address in brackets. Nil for what is none of these, such as a name that
    /// ends in a number, which some programs would take for an address.
    package static func canonical(_ host: String) -> String? {
        let host = Array(host.utf8)
        guard !host.isEmpty, let written = try? write(host[...], in: .http) else { return nil }
        return String(decoding: written, as: UTF8.self)
    }

    /// - Parameter host: Not empty, as it stands in the URL.
    static func write(_ host: ArraySlice<UInt8>, in scheme: URLScheme) throws(URLFault) -> [UInt8] {
        if host.first == UInt8(ascii: "[") {
            guard host.last == UInt8(ascii: "]"), let address = IPv6Text(host.dropFirst().dropLast()) else {
                throw .badIPv6Address
            }
            return address.written
        }
        return scheme.isSpecial ? try writeDomain(host, in: scheme) : try writeOpaque(host)
    }

    /// The host of another scheme is opaque, such as a bucket's name: its case is kept.
    private static func writeOpaque(_ host: ArraySlice<UInt8>) throws(URLFault) -> [UInt8] {
        guard !host.contains(where: ByteSet.forbiddenInHost.contains) else { throw .badHost }
        var written: [UInt8] = []
        written.append(host, encoding: .control)
        return written
    }

    private static func writeDomain(_ host: ArraySlice<UInt8>, in scheme: URLScheme) throws(URLFault) -> [UInt8] {
        guard let domain = DomainToASCII.convert(host.percentDecoded()) else { throw .badHost }
        guard !domain.contains(where: ByteSet.forbiddenInDomain.contains) else { throw .badHost }
        guard !domain.isEmpty else { throw .noHost }
        if IPv4Text.isMeant(by: domain) {
            guard let address = IPv4Text(domain) else { throw .badIPv4Address }
            return address.written
        }
        return scheme.isFile && domain.elementsEqual("localhost".utf8) ? [] : domain
    }
}
