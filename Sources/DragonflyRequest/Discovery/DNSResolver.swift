import CResolver
import SeedSupport

/// The system's resolver. Its calls block.
struct DNSResolver: Sendable {
    struct Service: Hashable, Sendable {
        /// Without the dot at its end.
        let target: String
        let port: Int
        /// Those that came along with the record.
        let addresses: [String]
    }

    /// How long one question may take: two tries of 2 seconds each.
    private static let secondsPerTry: Int32 = 2
    private static let tries: Int32 = 2

    private let server: Endpoint?

    /// - Parameter server: `address:port`; nil takes the system's.
    init(server: String?) throws(DragonflyError) {
        self.server = server.flatMap { Endpoint(authority: $0, defaultPort: 53) }
        if let server, self.server == nil || cresolver_is_ipv4(self.server?.host ?? "") == 0 {
            throw .invalidArgument(
                "\(server.debugDescription) is not a DNS server; address[:port] with IPv4 is allowed")
        }
    }

    /// The SRV records of a name, in no special order.
    func services(of name: String) async throws -> [Service] {
        let records = try await ask(name, CRESOLVER_SRV)
        return records.filter { $0.type == CRESOLVER_SRV }.map { record in
            let target = record.nameOfTarget
            let addresses = records.filter { $0.isAddress && $0.nameOfOwner == target }.map(\.textOfAddress)
            return Service(target: target, port: Int(record.port), addresses: addresses)
        }
    }

    /// The IPv4 and then the IPv6 addresses of a name. One kind may fail; both throw.
    /// - Parameter mayBeGone: whether an unknown name yields no addresses instead of an error.
    func addresses(of name: String, mayBeGone: Bool = false) async throws -> [String] {
        async let first = result(name, CRESOLVER_A, mayBeGone)
        async let second = result(name, CRESOLVER_AAAA, mayBeGone)
        let (v4, v6) = await (first, second)
        if case .failure(let error) = v4, case .failure = v6 { throw error }
        return [v4, v6].flatMap { (try? $0.get()) ?? [] }.map(\.textOfAddress)
    }

    private func result(
        _ name: String, _ type: Int32, _ mayBeGone: Bool
    ) async -> Result<[cresolver_record], any Error> {
        do {
            return .success(try await ask(name, type, mayBeGone: mayBeGone))
        } catch {
            return .failure(error)
        }
    }

    /// Empty if the name has no such records. Throws if the server fails or doesn't know the name.
    private func ask(_ name: String, _ type: Int32, mayBeGone: Bool = false) async throws -> [cresolver_record] {
        try await blocking { [server] in
            var records = [cresolver_record](repeating: cresolver_record(), count: Int(CRESOLVER_MAXIMUM))
            let count = cresolver_ask(
                name, type, server?.host, UInt16(server?.port ?? 0), Self.secondsPerTry, Self.tries, &records,
                Int32(records.count))
            if count == CRESOLVER_NO_SUCH_NAME, mayBeGone { return [] }
            guard count >= 0 else {
                throw DragonflyError.hostNotFound(
                    "DNS has no answer for \(name): \(String(cString: cresolver_error(count)))")
            }
            return Array(records.prefix(Int(count)))
        }
    }
}

extension cresolver_record {
    fileprivate var isAddress: Bool { type == CRESOLVER_A || type == CRESOLVER_AAAA }

    fileprivate var nameOfOwner: String { text(of: owner) }
    fileprivate var nameOfTarget: String { text(of: target) }
    fileprivate var textOfAddress: String { text(of: address) }

    /// DNS names are case-insensitive.
    private func text(of characters: some Any) -> String {
        let text = withUnsafeBytes(of: characters) { String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self) }
        return text.lowercased()
    }
}
