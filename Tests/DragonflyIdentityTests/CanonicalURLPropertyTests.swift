import DragonflyIdentity
import SeedTestSupport
import Testing

/// Random URLs, most of them odd. `SEED_SOAK=1` takes a hundred times as many.
@Suite struct CanonicalURLPropertyTests {
    static let rounds = Seeded.isSoak ? 100_000 : 1_000

    @Test func canonicalisationIsIdempotentAndNeverCrashes() throws {
        var generator = Seeded(Seeded.seed(8, 0))
        var parsed = 0
        for _ in 0..<CanonicalURLPropertyTests.rounds {
            let url = URLMaker.url(using: &generator)
            guard let once = try? TaskIdentity(url: url, usesBlobDigest: false) else { continue }
            parsed += 1
            let twice = try TaskIdentity(url: once.canonicalURL, usesBlobDigest: false)
            #expect(
                Array(twice.canonicalURL.utf8) == Array(once.canonicalURL.utf8),
                "\(url.debugDescription) gives \(once.canonicalURL), then \(twice.canonicalURL)")
            #expect(twice.taskID == once.taskID)
        }
        // Were most URLs refused, this would test little.
        #expect(parsed > CanonicalURLPropertyTests.rounds / 4)
    }

    @Test func theShortWayAndTheWholeParserAgree() throws {
        var generator = Seeded(Seeded.seed(8, 1))
        for _ in 0..<CanonicalURLPropertyTests.rounds {
            let rest = URLMaker.url(using: &generator).split(separator: "://", maxSplits: 1).last.map(String.init) ?? ""
            // A space before the scheme is cut by the parser and keeps a URL off the short way.
            let short = try? TaskIdentity(url: "https://" + rest, usesBlobDigest: false)
            let whole = try? TaskIdentity(url: " https://" + rest, usesBlobDigest: false)
            #expect(short?.canonicalURL == whole?.canonicalURL, "\(rest.debugDescription)")
            #expect(short?.credentialParameters == whole?.credentialParameters)
        }
    }
}

private enum URLMaker {
    static func url(using generator: inout Seeded) -> String {
        func pick(_ choices: [String]) -> String { choices.randomElement(using: &generator) ?? "" }
        func some(_ choices: [String], upTo count: Int) -> String {
            (0..<Int.random(in: 0...count, using: &generator)).map { _ in pick(choices) }.joined()
        }
        return pick(schemes) + pick(users) + pick(hosts) + pick(ports) + some(paths, upTo: 6)
            + pick(["", "?"]) + some(queries, upTo: 8) + pick(["", "", "#"]) + some(paths, upTo: 3)
    }

    static let schemes = [
        "https://", "https://", "http://", "HTTP://", "https:", "https:\\\\", "s3://", "gs://", "S3://", "file:///",
        "foo:",
        "ws://", " https://", "ht\ttps://", "",
    ]
    static let users = ["", "", "", "", "u@", "u:p@", ":p@", "u:@", "@", "a@b@", "ü:%zz@", "a;=|^[]:`{}@"]
    static let hosts = [
        "example.com", "example.com", "registry-1.docker.io", "EXAMPLE.com", "a..b", "h.", "xn--fa-hia.de", "xn--a",
        "bücher.example", "☃.net", "ｅｘ。com", "a\u{AD}b", "1.2.3.4", "0x7f.1", "256.1.1.1", "[::1]", "[1:0:0:2::3]",
        "[1::",
        "a b", "a%2eb", "a_b", "-a-", "ab--cd.com", "", "faß.de", "ẞ.de", "xn--abc-", "\u{FFFD}.com", "مثال",
    ]
    static let ports = ["", "", "", "", ":", ":80", ":443", ":0443", ":65535", ":65536", ":x"]
    static let paths = [
        "/", "/", "a", "b.txt", ".", "..", "%2e", "%2E", "\\", "//", ";", "é", "e\u{301}", "%", "%zz", "|", "^", " ",
        "\"",
        "{", "`", "\u{7F}", "\n", "😀", ":", "@", "'", "\u{0}",
    ]
    static let queries = [
        "a=1", "b=2", "&", "&", "&", "=", ";", "+", "%20", "%3B", "%", "%C3", "ns=x", "Signature=s", "é", "\u{301}",
        "*", "~",
        "?", "'", " ", "/", "%ed%a0%80", "A", "%41", "\t",
    ]
}
