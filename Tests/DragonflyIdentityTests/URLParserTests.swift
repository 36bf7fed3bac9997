import DragonflyIdentity
import Testing

/// Cases of the WHATWG URL Standard that the vectors leave out.
@Suite struct URLParserTests {
    @Test(arguments: [
        // IPv6
        ("http://[1:2:3:4:5:6:7::]/f", "http://[1:2:3:4:5:6:7:0]/f"),
        ("http://[::1.2.3.4]/f", "http://[::102:304]/f"),
        ("http://[1:2:3:4:5:6:1.2.3.4]/f", "http://[1:2:3:4:5:6:102:304]/f"),
        ("http://[0:0:1::]/f", "http://[0:0:1::]/f"),
        ("http://[0001:0:0:2:2:0:0:1]/f", "http://[1::2:2:0:0:1]/f"),
        ("http://[ABCD::]:8080/f", "http://[abcd::]:8080/f"),
        // IPv4
        ("http://4294967295/f", "http://255.255.255.255/f"),
        ("http://0377.0X1/f", "http://255.0.0.1/f"),
        ("http://1.2.3.4../f", "http://1.2.3.4../f"),
        ("http://1.2.3.4a/f", "http://1.2.3.4a/f"),
        ("http://%31%32%37.1/f", "http://127.0.0.1/f"),
        // User info, ports and paths
        ("http://@h/f", "http://h/f"),
        ("http://:@h/f", "http://h/f"),
        ("http://u:p@h:80/f", "http://u:p@h/f"),
        ("ws://h:80/f", "ws://h/f"),
        ("wss://h:443/f", "wss://h/f"),
        ("ftp://h:21/f", "ftp://h/f"),
        ("https://h:/f", "https://h/f"),
        ("https:\\\\h\\a\\..\\b", "https://h/b"),
        ("https://h/a/..", "https://h/"),
        ("https://h/a/b/..", "https://h/a/"),
        ("https://h/a/b/.", "https://h/a/b/"),
        ("https://h/../../a", "https://h/a"),
        ("https://h/a/.%2E/%2e/b", "https://h/b"),
        ("  https://h/f\u{1} ", "https://h/f"),
        ("ht\ntps://h/a\tb", "https://h/ab"),
        // Other schemes
        ("file:///a/../b", "file:///b"),
        ("file:/a", "file:///a"),
        ("file://localhost/a", "file:///a"),
        ("foo:bar baz?b=1&a", "foo:bar baz?a=&b=1"),
        ("foo:bar ?Signature=1", "foo:bar"),
        ("foo:/.//x", "foo:/.//x"),
        ("foo:///x", "foo:///x"),
        ("s3://u:p@B:80/k\\é", "s3://u:p@B:80/k\\%C3%A9"),
        ("s3://bücket/k", "s3://b%C3%BCcket/k"),
        ("s3://[::0]/k", "s3://[::]/k"),
    ])
    func urlsAreWrittenInOneWay(url: String, canonical: String) throws {
        #expect(try TaskIdentity(url: url).canonicalURL == canonical)
    }

    @Test(arguments: [
        ("http://[::1/f", URLFault.badIPv6Address), ("http://[::1]x/f", .badIPv6Address),
        ("http://[1::2::3]/f", .badIPv6Address), ("http://[:1]/f", .badIPv6Address), ("http://[1:]/f", .badIPv6Address),
        ("http://[1:2:3:4:5:6:7:8:9]/f", .badIPv6Address), ("http://[::1:2:3:4:5:6:7:8]/f", .badIPv6Address),
        ("http://[12345::]/f", .badIPv6Address), ("http://[fe80::1%25eth0]/f", .badIPv6Address),
        ("http://[::1.2.3.256]/f", .badIPv6Address), ("http://[::1.2.3]/f", .badIPv6Address),
        ("http://[1:2:3:4:5:6:7:1.2.3.4]/f", .badIPv6Address), ("http://[::01.2.3.4]/f", .badIPv6Address),
        ("http://09.1/f", .badIPv4Address), ("http://0x100000000/f", .badIPv4Address),
        ("http://1..2/f", .badIPv4Address),
        ("http://99999999999999999999999/f", .badIPv4Address),
        ("http://h:99999999999999999999/f", .badPort), ("http://h:8 0/f", .badPort), ("http://a:b:c/f", .badPort),
        ("http://:80/f", .noHost), ("http://u@:80/f", .noHost), ("s3://:80/f", .noHost), ("http://\u{AD}/f", .noHost),
        ("s3://a b/f", .badHost), ("http://a%00b/f", .badHost), ("http://a%2Fb/f", .badHost),
        ("http://％41/f", .badHost),
        ("1http://h/f", .noScheme), ("h ttp://h/f", .noScheme), ("", .noScheme),
    ])
    func malformedURLsAreRefusedWithTheReason(url: String, fault: URLFault) {
        #expect(throws: IdentityError.malformedURL(fault)) { try TaskIdentity(url: url) }
    }

    @Test(arguments: [
        ("faß.de", "xn--fa-hia.de"), ("FAẞ.de", "xn--fa-hia.de"), ("\u{4C0}.x", "xn--s5a.x"),
        ("\u{10A0}.x", "xn--rkj.x"), ("a\u{2061}b.x", "ab.x"), ("XN--BCHER-KVA.x", "xn--bcher-kva.x"),
        ("☃-.x", "xn----0xp.x"), ("ab--ü.x", "xn--ab---3ra.x"), ("نامه\u{200C}ای.x", "xn--mgba3gch31f060k.x"),
        ("ü..x", "xn--tda..x"), (String(repeating: "ü", count: 80) + ".x", nil),
    ])
    func domainNamesGoThroughUTS46(name: String, expected: String?) throws {
        let canonical = try TaskIdentity(url: "https://\(name)/f").canonicalURL
        if let expected {
            #expect(canonical == "https://\(expected)/f")
        } else {
            #expect(canonical.hasPrefix("https://xn--"))
        }
    }

    @Test(arguments: [
        // Encoded without need, wrongly, or twice; a mark first; a joiner alone; both directions in one label.
        "xn--abc-.x", "xn--.x", "xn--a.x", "xn--ü.x", "\u{301}a.x", "a\u{200D}b.x", "aא.x", "\u{FFFD}.x", "%FF.x",
    ])
    func domainNamesAgainstTheRulesAreRefused(name: String) {
        #expect(throws: IdentityError.malformedURL(.badHost)) { try TaskIdentity(url: "https://\(name)/f") }
    }

    @Test(arguments: [
        ("a, b\t,c", ["a", "b", "c"]), ("", [""]), (" , ", ["", ""]), ("x", ["x"]),
    ])
    func theFilterHeaderIsReadAsTheProxyReadsIt(header: String, names: [String]) {
        #expect(QueryFilter(header: header) == QueryFilter(names))
    }
}
