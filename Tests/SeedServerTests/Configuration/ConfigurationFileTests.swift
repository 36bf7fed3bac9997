import Foundation
import SeedProxy
import SeedSupport
import SeedTestSupport
import Testing

@testable import SeedServer

@Suite("Configuration files")
struct ConfigurationFileTests {
    let directory: TemporaryDirectory

    init() throws {
        directory = try TemporaryDirectory()
    }

    /// What is said of a file with these bytes.
    private func refusal(of bytes: some Collection<UInt8>) throws -> String? {
        let file = directory.path("x.yaml")
        try Data(bytes).write(to: URL(filePath: file))
        return #expect(throws: ConfigurationError.self) { try SeedPeerConfiguration.load(file: file) }?.description
            .replacing(file, with: "FILE")
    }

    @Test("A file of 10 MB is refused without being read to its end")
    func long() throws {
        let lines = repeatElement("# a comment\n", count: 10_000_000 / 12 + 1).joined()
        #expect(
            try refusal(of: lines.utf8)
                == "configuration FILE: the file is longer than 4MiB; name another file with --config, or try --dev")
    }

    @Test("A file that never ends is refused")
    func endless() {
        let error = #expect(throws: ConfigurationError.self) { try SeedPeerConfiguration.load(file: "/dev/zero") }
        #expect(error?.description.contains("the file is longer than 4MiB") == true)
    }

    @Test("A file that is not UTF-8 is refused with the place of the first wrong byte")
    func notUTF8() throws {
        let place = "configuration FILE: the text is not UTF-8 (line 2, column 5); "
        #expect(try refusal(of: Array("a: 1\né: '".utf8) + [0xff, 0x41]).map { $0.hasPrefix(place) } == true)
        #expect(try refusal(of: Array("a: 1\nb: \"".utf8) + [0xed, 0xa0, 0x80]).map { $0.hasPrefix(place) } == true)
        let first = "configuration FILE: the text is not UTF-8 (line 1, column 1); "
        #expect(try refusal(of: [0xff, 0xfe, 0x61, 0x00]).map { $0.hasPrefix(first) } == true)
        #expect(try refusal(of: [0xc3]).map { $0.hasPrefix(first) } == true)
    }

    @Test("A directory is refused with the system's words")
    func isDirectory() {
        let error = #expect(throws: ConfigurationError.self) { try SeedPeerConfiguration.load(file: directory.path) }
        #expect(error?.description.contains("Is a directory") == true)
    }

    @Test("A file is read as its text")
    func read() throws {
        let file = directory.path("y.yaml")
        try Data("\u{feff}proxy: &p {server: {port: 7}}\r\n".utf8).write(to: URL(filePath: file))
        #expect(try SeedPeerConfiguration.load(file: file).configuration.proxy.address.port == 7)
    }

    @Test("Anchors and merge keys work where the configuration has mappings")
    func merged() throws {
        let loaded = try SeedPeerConfiguration.parse(
            """
            health: {server: &loopback {ip: 127.0.0.1, port: 0}}
            metrics: {server: {<<: *loopback, port: 9}}
            proxy:
              rules:
                - &rule {regex: a, useTLS: true}
                - {<<: *rule, regex: b}
            """)
        let configuration = loaded.configuration
        #expect(configuration.health == SocketAddress(.loopback, port: 0))
        #expect(configuration.metrics == SocketAddress(.loopback, port: 9))
        #expect(configuration.proxy.rules == [.init(regex: "a", useTLS: true), .init(regex: "b", useTLS: true)])
        #expect(loaded.notices.isEmpty)
    }

    @Test("A path with a zero byte is refused")
    func zeroByte() {
        let error = #expect(throws: ConfigurationError.self) {
            try SeedPeerConfiguration.parse(#"storage: {dir: "/data\0/x"}"#)
        }
        #expect(error?.description.contains("(line 1, column 16); allowed: the path of a file or directory") == true)
    }

    @Test(
        "A proxy is an http or https URL with host and port, and nothing else",
        arguments: [
            ("http://h:1", true), ("https://h.example:3128/", true), ("http://[::1]:80", true),
            ("http://u:p@h:80", true), ("http://u@h:80", true), ("http://u%40x:p%3a@h:80", true),
            ("http://127.0.0.1:65535", true), ("h:80", false), ("HTTP://h:80", false), ("ftp://h:80", false),
            ("http://h", false), ("http://:80", false), ("http://h:", false), ("http://h:0", false),
            ("http://h:65536", false), ("http://h:+1", false), ("http://h:80/x", false), ("http://h:80?x", false),
            ("http://h:80#x", false), ("http://a@b@h:80", false), ("http://h h:80", false), ("http://h%2:80", false),
            ("http://[::1:80", false), ("http://[h]:80", false), ("http://é:80", false), ("", false),
        ])
    func proxyURLs(text: String, isOne: Bool) {
        #expect(ProxyURL.isOne(text) == isOne)
    }
}
