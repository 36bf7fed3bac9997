import SeedOrigin
import SeedProxy
import SeedSupport

/// A kind of value: how it is read, what is allowed (for people), and how it is written back.
struct ConfigurationKind<Value>: Sendable {
    let allowed: String
    let read: @Sendable (ConfigurationField) throws(ConfigurationProblem) -> Value
    let show: @Sendable (Value) -> String

    /// A kind whose values are scalars: `parse` returns nil for invalid ones.
    /// - Parameter isSecret: whether what was written must not be shown.
    static func scalar(
        _ allowed: String, isSecret: Bool = false, parse: @escaping @Sendable (String) -> Value?,
        show: @escaping @Sendable (Value) -> String
    ) -> Self {
        Self(
            allowed: allowed,
            read: { field throws(ConfigurationProblem) in
                guard let value = field.text.flatMap(parse) else {
                    throw field.problem(allowed: allowed, isSecret: isSecret)
                }
                return value
            }, show: show)
    }

    /// The same kind, where nothing written means nil.
    static func optional<Wrapped>(_ kind: ConfigurationKind<Wrapped>) -> Self where Value == Wrapped? {
        Self(
            allowed: kind.allowed, read: { field throws(ConfigurationProblem) in try kind.read(field) },
            show: { $0.map(kind.show) ?? "" })
    }

    /// The same kind, where 0 means nil.
    static func orNoneIfZero<Wrapped: FixedWidthInteger & Sendable>(_ kind: ConfigurationKind<Wrapped>) -> Self
    where Value == Wrapped? {
        Self(
            allowed: kind.allowed,
            read: { field throws(ConfigurationProblem) in
                let value = try kind.read(field)
                return value == 0 ? nil : value
            }, show: { kind.show($0 ?? 0) })
    }

    /// A YAML list of values of one kind.
    static func list<Element>(of kind: ConfigurationKind<Element>) -> Self where Value == [Element] {
        let allowed = "a list, each: \(kind.allowed)"
        return Self(
            allowed: allowed,
            read: { field throws(ConfigurationProblem) in
                guard let nodes = field.node.sequence else { throw field.problem(allowed: allowed) }
                var values: [Element] = []
                for (index, node) in nodes.enumerated() {
                    values.append(try kind.read(ConfigurationField(path: "\(field.path)[\(index)]", node: node)))
                }
                return values
            }, show: { "[" + $0.map(kind.show).joined(separator: ", ") + "]" })
    }
}

extension ConfigurationKind<String> {
    static var text: Self { nonEmpty("a text that isn't empty") }

    /// System calls would truncate a path at a zero byte.
    static var filePath: Self {
        scalar(
            "the path of a file or directory", parse: { $0.isEmpty || $0.utf8.contains(0) ? nil : $0 }, show: { $0 })
    }

    /// An address in digits, kept as it is spelt.
    static var addressText: Self {
        let kind = ConfigurationKind<IPAddress>.address
        return scalar(kind.allowed, parse: { IPAddress($0) == nil ? nil : $0 }, show: { $0 })
    }

    /// An absolute http or https URL.
    static var url: Self {
        scalar(
            "a URL such as https://index.docker.io",
            parse: { $0.hasPrefix("http://") || $0.hasPrefix("https://") ? $0 : nil }, show: { $0 })
    }

    static var proxyURL: Self {
        scalar(
            "an http or https URL with host and port, such as http://proxy.example:3128", isSecret: true,
            parse: { ProxyURL.isOne($0) ? $0 : nil }, show: { $0 })
    }

    /// For URLs; an error includes the reason.
    static var regex: Self {
        let allowed = URLPattern.allowed
        return Self(
            allowed: allowed,
            read: { field throws(ConfigurationProblem) in
                guard let text = field.text else { throw field.problem(allowed: allowed) }
                do throws(PatternError) { _ = try URLPattern(text) } catch {
                    throw field.problem(allowed: allowed, reason: error.description)
                }
                return text
            }, show: quoted)
    }

    private static func nonEmpty(_ allowed: String) -> Self {
        scalar(allowed, parse: { $0.isEmpty ? nil : $0 }, show: { $0 })
    }

    private static func quoted(_ text: String) -> String { "'\(text.replacing("'", with: "''"))'" }
}

extension ConfigurationKind<IPAddress> {
    /// A numeric address; a host name could resolve to an unexpected one.
    static var address: Self { scalar("an IPv4 or IPv6 address", parse: IPAddress.init, show: \.description) }
}

extension ConfigurationKind<CIDR> {
    /// An address block such as `10.0.0.0/8`; a bare address means itself only.
    static var addressBlock: Self {
        scalar("an address block such as 10.0.0.0/8 or fd00::/8", parse: CIDR.init, show: \.description)
    }
}

extension ConfigurationKind<UInt16> {
    static var port: Self { whole(in: 0...65_535) }
}

extension ConfigurationKind where Value: FixedWidthInteger & Sendable {
    static func whole(in range: ClosedRange<Value>) -> Self {
        scalar(
            "\(range.lowerBound)–\(range.upperBound)", parse: { Value($0).flatMap { range.contains($0) ? $0 : nil } },
            show: { "\($0)" })
    }
}

extension ConfigurationKind<Bool> {
    static var flag: Self {
        scalar("true or false", parse: { ["true": true, "false": false][$0.lowercased()] }, show: { "\($0)" })
    }
}

extension ConfigurationKind<Int64> {
    static func size(in range: ClosedRange<Int64>) -> Self {
        scalar(
            "a size from \(ByteSize.show(range.lowerBound)) to \(ByteSize.show(range.upperBound)), such as 512KiB or 4MB",
            parse: { ByteSize.parse($0).flatMap { range.contains($0) ? $0 : nil } }, show: ByteSize.show)
    }
}

extension ConfigurationKind<Int64> {
    /// Bytes per second; Dragonfly writes rates as sizes. Decimal, as its defaults are.
    static var rate: Self {
        let range: ClosedRange<Int64> = 65_536...1_000_000_000_000
        return scalar(
            "bytes per second from 64KiB to 1TB, such as 100MB",
            parse: { ByteSize.parse($0).flatMap { range.contains($0) ? $0 : nil } },
            show: { $0 % 1_000_000_000 == 0 ? "\($0 / 1_000_000_000)GB" : "\($0)" })
    }
}

extension ConfigurationKind<OriginConfiguration.HTTPVersion> {
    static var httpVersion: Self {
        scalar("1.1 or 2", parse: { ["1.1": .http1, "2": .http2][$0] }, show: { $0 == .http1 ? "1.1" : "2" })
    }
}

extension ConfigurationKind<Duration> {
    /// How long a response is fresh; zero means for ever.
    static var freshness: Self { duration(in: .zero...(.seconds(31_536_000))) }

    static func duration(in range: ClosedRange<Duration>) -> Self {
        let (shortest, longest) = (HumanDuration.show(range.lowerBound), HumanDuration.show(range.upperBound))
        return scalar(
            "a duration from \(shortest) to \(longest), such as 10s or 1h30m",
            parse: { HumanDuration.parse($0).flatMap { range.contains($0) ? $0 : nil } }, show: HumanDuration.show)
    }
}

extension ConfigurationKind<ProxyRule> {
    /// One entry of `proxy.rules`. A field we don't know is refused here: a misspelt `regex` would match every URL.
    static var rule: Self {
        let allowed =
            "a mapping of regex, useTLS, redirect, filteredQueryParams, immutable, trustContentNames, revalidateAfter"
        return Self(
            allowed: allowed,
            read: { field throws(ConfigurationProblem) in
                guard let entries = field.node.mapping else { throw field.problem(allowed: allowed) }
                var rule = ProxyRule()
                for entry in entries {
                    let name = entry.key.text ?? ""
                    let inner = ConfigurationField(path: "\(field.path).\(name)", node: entry.value)
                    if inner.isNull { continue }
                    guard try rule.set(name, to: inner) else {
                        throw ConfigurationField(path: field.path, node: entry.key).problem(allowed: allowed)
                    }
                }
                return rule
            }, show: { "{regex: \(ConfigurationKind<String>.regex.show($0.regex))}" })
    }
}

extension ProxyRule {
    /// Sets the field of that name; false when there is none.
    fileprivate mutating func set(
        _ name: String, to field: ConfigurationField
    ) throws(ConfigurationProblem) -> Bool {
        switch name {
        case "regex": regex = try ConfigurationKind.regex.read(field)
        case "useTLS": useTLS = try ConfigurationKind.flag.read(field)
        case "redirect": redirect = try ConfigurationKind.text.read(field)
        case "filteredQueryParams": filteredQueryParams = try ConfigurationKind.list(of: .text).read(field)
        case "immutable": immutable = try ConfigurationKind.flag.read(field)
        case "trustContentNames": trustContentNames = try ConfigurationKind.flag.read(field)
        case "revalidateAfter":
            revalidateAfter = try ConfigurationKind.freshness.read(field)
        default: return false
        }
        return true
    }
}
