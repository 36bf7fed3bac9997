import DragonflyIdentity
import SeedTestSupport
import Testing

/// Which URLs are one object in the store (rule:one-form-of-a-url).
@Suite struct StoreKeyPairTests {
    @Test func tenThousandPairsThatAnOriginMayTellApartNeverShare() throws {
        var generator = Seeded(Seeded.seed(11, 0))
        for _ in 0..<10_000 {
            let url = RandomURL(&generator)
            let change = RandomURL.Difference.allCases.randomElement(using: &generator)!  // not empty
            let other = url.changed(change, &generator)
            guard url.text != other.text else { continue }
            #expect(try key(url) != key(other), "\(change): \(url.text) \(other.text)")
        }
    }

    @Test func tenThousandPairsThatMeanTheSameAlwaysShare() throws {
        var generator = Seeded(Seeded.seed(11, 1))
        for _ in 0..<10_000 {
            let url = RandomURL(&generator)
            var other = url
            for _ in 0..<Int.random(in: 1...4, using: &generator) {
                other = other.respelled(RandomURL.Spelling.allCases.randomElement(using: &generator)!, &generator)
            }
            #expect(try key(url) == key(other), "\(url.text) \(other.text)")
        }
    }

    private func key(_ url: RandomURL) throws -> StoreKey { try TaskIdentity(url: url.text).storeKey }

    @Test(arguments: [
        // Broken codes: then nothing is decoded, or the next one could become a code.
        ("/%zz%41", "/%zzA"), ("/%%37e", "/%7e"), ("/%%37e", "/~"), ("/a%", "/a%25"), ("/%4", "/%34"),
        // Double and mixed codes.
        ("/%2f", "/%2F"), ("/%2541", "/%41"), ("/%2541", "/A"), ("/%2f", "//"), ("/%3fx=1", "/?x=1"), ("/a%00", "/a"),
        ("/%2e%2e/x", "/x"), ("/./x", "/x"), ("/a//b", "/a/b"), ("/%E4", "/%F6"), ("/?q=%e4", "/?q=%f6"),
        ("/?a=1&a=2", "/?a=2&a=1"), ("/?a=1&&b=2", "/?a=1&b=2"), ("/?a", "/?a="), ("/?a=1;b=2", "/?a=1"),
        ("/?v=a+b", "/?v=a%20b"), ("/?v=a%2Bb", "/?v=a+b"), ("/a?", "/a"),
    ])
    func whatIsNoCodeOfAPlainOctetStaysAsItWasSent(one: String, other: String) throws {
        let keys = try [one, other].map { try TaskIdentity(url: "http://h" + $0).storeKey }
        #expect(keys[0] != keys[1])
    }

    @Test(arguments: [
        ("http://h", "http://h/"), ("http://h?x=1", "http://h/?x=1"), ("http://h/a%2Db%2e", "http://h/a-b."),
        ("http://h/?%61=%7e", "http://h/?a=~"), ("http://h/f?ns=x", "http://h/f"),
        ("http://h/f?a=1&X-Amz-Date=2&b=3", "http://h/f?a=1&b=3"), ("http://h/f#x", "http://h/f"),
        ("http://127.1/f", "http://127.0.0.1/f"), ("http://[0:0::1]/f", "http://[::1]/f"),
    ])
    func whatMeansTheSameShares(one: String, other: String) throws {
        #expect(try TaskIdentity(url: one).storeKey == TaskIdentity(url: other).storeKey)
    }

    @Test func targetsOf16KiBDifferInTheirLastOctet() throws {
        let target = "http://h/" + String(repeating: "%41/", count: 4096)
        #expect(try TaskIdentity(url: target + "a").storeKey != TaskIdentity(url: target + "b").storeKey)
    }

    @Test func withoutFilterNothingIsLeftOut() throws {
        func key(_ url: String) throws -> StoreKey { try TaskIdentity(url: url, filter: []).storeKey }
        #expect(try key("http://h/f?ns=x") != key("http://h/f"))
        #expect(try key("http://H:80/%66?ns=x") == key("http://h/f?ns=x"))
        #expect(try key("no URL") != key("no url"))
    }
}

/// A URL in the parts that its spellings differ in.
private struct RandomURL {
    /// Changes that another object may hide behind.
    enum Difference: CaseIterable {
        case scheme, host, port, segment, pathCase, dotSegment, slash, reservedCode, code, parameter, order, value
        case emptyParameter, plus, octet
    }

    /// Changes that mean the same.
    enum Spelling: CaseIterable {
        case schemeCase, hostCase, defaultPort, unreservedCode, filtered, fragment
    }

    var scheme: String
    var host: String
    var port: Int?
    var segments: [String]
    var parameters: [String]
    var fragment = ""

    init(_ generator: inout Seeded) {
        func word(_ letters: String = "abcxyzKLM0189-._~") -> String {
            String(
                (0..<Int.random(in: 1...6, using: &generator)).map { _ in letters.randomElement(using: &generator)! })
        }
        scheme = ["http", "https"].randomElement(using: &generator)!
        host = "h\(word("abc")).example"
        port = [nil, 8080].randomElement(using: &generator)!
        segments = (0..<Int.random(in: 1...4, using: &generator)).map { _ in "s" + word() }
        parameters = (0..<Int.random(in: 2...4, using: &generator)).map { "p\($0)=" + word() }
    }

    var text: String {
        "\(scheme)://\(host)\(port.map { ":\($0)" } ?? "")/" + segments.joined(separator: "/") + "?"
            + parameters.joined(separator: "&") + fragment
    }

    func changed(_ difference: Difference, _ generator: inout Seeded) -> RandomURL {
        var url = self
        let segment = Int.random(in: segments.indices, using: &generator)
        let parameter = Int.random(in: parameters.indices, using: &generator)
        switch difference {
        case .scheme: url.scheme = scheme.lowercased() == "http" ? "https" : "http"
        case .host: url.host = "x" + host
        case .port: url.port = (port ?? 80) + 1
        case .segment: url.segments.insert("more", at: segment)
        case .pathCase: url.segments[segment] = segments[segment].uppercased()
        case .dotSegment: url.segments.insert([".", "..", "%2e"].randomElement(using: &generator)!, at: segment)
        case .slash: url.segments.insert("", at: segment)
        case .reservedCode: url.segments[segment] += ["%2F", "%3B", "%25", "%00"].randomElement(using: &generator)!
        case .code: url.segments[segment] += ["%c3%a4", "%C3%A4"].randomElement(using: &generator)!
        case .parameter: url.parameters.append("more=1")
        case .order: url.parameters.swapAt(0, 1)
        case .value: url.parameters[parameter] += "1"
        case .emptyParameter: url.parameters.insert("", at: parameter)
        case .plus: url.parameters[parameter] += "+"
        case .octet: url.parameters[parameter] += "%E4"
        }
        return url
    }

    func respelled(_ spelling: Spelling, _ generator: inout Seeded) -> RandomURL {
        var url = self
        switch spelling {
        case .schemeCase: url.scheme = scheme.uppercased()
        case .hostCase: url.host = host.uppercased()
        case .defaultPort: url.port = port ?? (scheme.lowercased() == "http" ? 80 : 443)
        case .unreservedCode:
            let segment = Int.random(in: segments.indices, using: &generator)
            url.segments[segment] = Self.coded(segments[segment], &generator)
            url.parameters[0] = Self.coded(parameters[0], &generator)
        case .filtered:
            let name = QueryFilter.defaultNames.randomElement(using: &generator)!
            url.parameters.insert("\(name)=1", at: Int.random(in: 0...parameters.count, using: &generator))
        case .fragment: url.fragment = "#part"
        }
        return url
    }

    /// With some plain octets as codes, in either case.
    private static func coded(_ text: String, _ generator: inout Seeded) -> String {
        guard !text.contains("%") else { return text }
        return text.utf8.map { octet in
            guard octet != UInt8(ascii: "="), Bool.random(using: &generator) else {
                return String(UnicodeScalar(octet))
            }
            let digits = String(octet, radix: 16)
            return "%" + (Bool.random(using: &generator) ? digits.uppercased() : digits)
        }.joined()
    }
}
