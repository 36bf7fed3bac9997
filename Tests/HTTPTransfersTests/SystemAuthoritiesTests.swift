import Foundation
import SeedSupport
import SeedTestSupport
import Testing

@testable import HTTPTransfers

@Suite("The system's authorities beside others")
struct SystemAuthoritiesTests {
    @Test("Where curl has a directory of them, or none at all, a text stays as it is")
    func directory() throws {
        let text = Bytes("ours\n")
        for authorities in [
            SystemAuthorities(file: "/etc/hostname", directory: "/some"), SystemAuthorities(),
            SystemAuthorities(file: "/none.pem"),
        ] {
            #expect(try authorities.beside(text).elementsEqual(text))
        }
    }

    @Test("Where curl has but a file of them, it comes behind the text")
    func file() throws {
        let directory = try TemporaryDirectory()
        try "theirs\n".write(toFile: directory.path("all.pem"), atomically: true, encoding: .utf8)
        let authorities = SystemAuthorities(file: directory.path("all.pem"))
        #expect(try authorities.beside(Bytes("ours")).elementsEqual("ours\ntheirs\n".utf8))
    }
}
