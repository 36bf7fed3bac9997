import DragonflyIdentity
package import HTTPTransfers
package import SeedSupport

/// Decides which addresses may be dialled, so that clients can't reach internal services through us: loopback,
/// link-local, unspecified, multicast and cloud metadata addresses are refused in all their forms, unless
/// `backend.allowAddresses` names them. It judges the address actually dialled, after name lookup.
package struct AddressGuard: Sendable {
    private let allowed: [CIDR]
    /// Our own listeners, which are always refused.
    package let own: OwnListeners

    /// - Parameter allow: blocks that override the refused classes.
    package init(allow: [CIDR] = [], own: OwnListeners = OwnListeners()) {
        allowed = allow
        self.own = own
    }

    /// Why nothing may be dialled there, either because of the address (`blocked`) or because it is one of our own
    /// listeners (`loop`).
    /// - Parameter port: 0–65535.
    package func error(for address: IPAddress, port: Int) -> OriginError? {
        if let refusal = refusal(of: address) { return OriginError(.blocked, refusal) }
        guard own.contains(address, port: port) else { return nil }
        return OriginError(.loop, "\(address) port \(port) is this server itself; name the origin's own address")
    }

    /// Why the URL's host is refused, if it names an address that may not be dialled, in whatever spelling. Pooled connections
    /// and proxies bypass the check at dialling, so it is made here as well.
    func refusal(of url: TransferURL) -> OriginError? {
        guard let host = URLHost.canonical(url.host) else {
            return OriginError(.badURL, "\(url.host) is neither a host name nor an address")
        }
        let named = IPAddress(host).map { [$0] } ?? Self.addresses(named: host)
        let errors = named.compactMap { error(for: $0, port: Int(url.port) ?? 0) }
        // A name with several addresses is as good as the best of them.
        return errors.count == named.count ? errors.first : nil
    }

    /// Of names that mean the same addresses everywhere; a proxy would look them up on its own machine.
    private static func addresses(named host: String) -> [IPAddress] {
        let name = host.hasSuffix(".") ? String(host.dropLast()) : host
        if name == "localhost" || name.hasSuffix(".localhost") { return [.loopback, .v6(high: 0, low: 1)] }
        return metadataNames.contains(name) ? [.v4(0xa9fe_a9fe)] : []
    }

    /// Of 169.254.169.254, at Google and in EC2.
    private static let metadataNames: Set = [
        "metadata.google.internal", "metadata.goog", "instance-data.ec2.internal",
    ]

    package func permits(_ address: IPAddress) -> Bool {
        refusal(of: address) == nil
    }

    /// Why the address may not be dialled, as a sentence for a person; nil if it may.
    package func refusal(of address: IPAddress) -> String? {
        let forms = address.forms
        guard !forms.contains(where: isAllowed) else { return nil }
        for form in forms {
            if let refused = Self.refused.first(where: { $0.block.contains(form) }) {
                return "\(address) is \(refused.kind) and must not be dialled; "
                    + "name it in backend.allowAddresses if it is meant"
            }
        }
        return nil
    }

    private func isAllowed(_ address: IPAddress) -> Bool {
        allowed.contains { $0.contains(address) }
    }

    private static let refused: [(block: CIDR, kind: String)] = [
        ("127.0.0.0/8", "a loopback address"), ("::1", "a loopback address"),
        ("169.254.169.254", "a cloud metadata address"),
        ("169.254.0.0/16", "a link-local address"), ("fe80::/10", "a link-local address"),
        ("0.0.0.0/8", "an unspecified address"), ("::", "an unspecified address"),
        ("224.0.0.0/4", "a multicast address"), ("ff00::/8", "a multicast address"),
        ("255.255.255.255", "the broadcast address"),
        // AWS, Google, Alibaba, Oracle, Azure
        ("fd00:ec2::254", "a cloud metadata address"), ("fd20:ce::254", "a cloud metadata address"),
        ("100.100.100.200", "a cloud metadata address"), ("192.0.0.192", "a cloud metadata address"),
        ("168.63.129.16", "a cloud metadata address"),
    ].compactMap { text, kind in CIDR(text).map { (block: $0, kind: kind) } }
}

extension AddressGuard: DialPolicy {
    package func refusal(of address: SocketAddress) -> TransferError? {
        error(for: address.ip, port: Int(address.port)).map { error in
            TransferError(error.kind == .loop ? .ownListener : .forbiddenAddress, error.message)
        }
    }
}
