import HTTPTransfers
import SeedSupport
import Testing

@testable import SeedOrigin

@Suite("The address guard")
struct AddressGuardTests {
    @Test(
        "Refused classes are refused in all their forms",
        arguments: [
            "127.0.0.1", "127.255.255.254", "0.0.0.0", "0.1.2.3", "169.254.0.1", "169.254.169.254", "224.0.0.1",
            "239.255.255.255", "255.255.255.255", "100.100.100.200", "168.63.129.16", "::", "::1", "fe80::1", "febf::1",
            "ff02::1", "fd00:ec2::254", "::ffff:127.0.0.1", "::ffff:169.254.169.254", "::127.0.0.1",
            "::ffff:0:127.0.0.1", "64:ff9b::7f00:1", "64:ff9b:1::7f00:1", "2002:7f00:1::", "[::1]",
        ])
    func refused(_ text: String) throws {
        let address = try #require(IPAddress(text))
        #expect(!AddressGuard().permits(address))
        let sentence = try #require(AddressGuard().refusal(of: address))
        #expect(sentence.contains(address.description))
        #expect(sentence.contains("backend.allowAddresses"))
    }

    @Test(
        "Other addresses are permitted, private ones included",
        arguments: [
            "10.0.0.1", "192.168.1.1", "172.16.0.1", "93.184.216.34", "169.253.0.1", "128.0.0.1", "fd00::1",
            "2001:db8::1",
            "::ffff:10.0.0.1", "64:ff9b::5db8:d822", "fec0::1",
        ])
    func permitted(_ text: String) throws {
        #expect(AddressGuard().permits(try #require(IPAddress(text))))
    }

    @Test("Named addresses are permitted, in their other forms as well")
    func allowed() throws {
        let guarded = AddressGuard(allow: ["127.0.0.0/8", "169.254.1.1", "fe80::/64"].compactMap(CIDR.init))
        for text in ["127.9.9.9", "::ffff:127.0.0.1", "169.254.1.1", "fe80::5"] {
            #expect(guarded.permits(try #require(IPAddress(text))))
        }
        for text in ["169.254.1.2", "fe80:0:0:1::5", "::1", "0.0.0.0"] {
            #expect(!guarded.permits(try #require(IPAddress(text))))
        }
    }

    @Test(
        "A URL that names a refused address is refused before a proxy could dial it, in every spelling",
        arguments: [
            "127.0.0.1", "127.1", "2130706433", "0x7f000001", "0x7f.1", "0177.0.0.1", "017700000001", "127.0.0.1.",
            "127.000.000.001", "0", "0x0", "[::1]", "[::]", "[0:0::1]", "[::ffff:127.0.0.1]", "[::ffff:7f00:1]",
            "[64:ff9b::7f00:1]", "[2002:7f00:1::]", "0xa9fea9fe", "2852039166", "169.254.43518", "%31%32%37.0.0.1",
            "127\u{3002}0\u{3002}0\u{3002}1", "\u{2460}\u{2461}\u{2466}.0.0.1", "localhost", "LOCALHOST.",
            "a.localhost",
            "metadata.google.internal", "metadata.goog.", "instance-data.ec2.internal",
        ])
    func spellings(_ host: String) throws {
        let url = try TransferURL("http://\(host):8080/x")
        #expect(AddressGuard().refusal(of: url)?.kind == .blocked, "\(url.host)")
    }

    @Test(
        "A host that ends in a number and is no address is none at all",
        arguments: ["1.2.3.4.5", "256.1.1.1", "example.1", "1e2.0.0.0x1ffffffff", "a.09"])
    func noHost(_ host: String) throws {
        #expect(try AddressGuard().refusal(of: TransferURL("http://\(host)/x"))?.kind == .badURL)
    }

    @Test("Other hosts pass, and localhost where one of its addresses may be dialled")
    func otherHosts() throws {
        for host in ["example.com", "localhost.example", "10.0.0.1", "0xa.1", "b\u{fc}cher.example", "metadata", "a_b"]
        {
            #expect(try AddressGuard().refusal(of: TransferURL("http://\(host)/x")) == nil, "\(host)")
        }
        for block in ["127.0.0.0/8", "::1"] {
            let allowed = AddressGuard(allow: [try #require(CIDR(block))])
            #expect(try allowed.refusal(of: TransferURL("http://localhost/x")) == nil)
        }
    }

    @Test("Blocks contain what their prefix says")
    func blocks() throws {
        func contains(_ block: String, _ address: String) throws -> Bool {
            try #require(CIDR(block)).contains(try #require(IPAddress(address)))
        }
        #expect(try contains("0.0.0.0/0", "255.1.2.3"))
        #expect(try !contains("0.0.0.0/0", "::1"))
        #expect(try contains("::/0", "ffff::1"))
        #expect(try contains("10.1.0.0/16", "10.1.255.255"))
        #expect(try !contains("10.1.0.0/16", "10.2.0.0"))
        #expect(try contains("2001:db8::/65", "2001:db8::7fff:0:0:1"))
        #expect(try !contains("2001:db8::/65", "2001:db8:0:0:8000::1"))
        #expect(try contains("2001:db8::1", "2001:db8::1"))
        #expect(try !contains("2001:db8::1", "2001:db8::2"))
    }

    @Test(
        "An invalid block is nil", arguments: ["", "10.0.0.0/33", "10.0.0.0/-1", "10.0.0/8", "::/129", "a/8", "::1/"])
    func noBlocks(_ text: String) {
        #expect(CIDR(text) == nil)
    }
}

@Suite("Credentials")
struct CredentialTests {
    @Test("The same proof is the same credential, and parts cannot be shifted into one another")
    func fingerprints() {
        let one = Credential(parts: [("Authorization", "Bearer t")])
        #expect(one == Credential(parts: [("Authorization", "Bearer t")]))
        #expect(one.hashValue == Credential(parts: [("Authorization", "Bearer t")]).hashValue)
        #expect(one != Credential(parts: [("Authorization", "Bearer u")]))
        #expect(Credential(parts: [("a", "bc")]) != Credential(parts: [("ab", "c")]))
        #expect(Credential(parts: [("a", ""), ("b", "")]) != Credential(parts: [("a", "b")]))
        #expect(Credential(parts: []) == .anonymous)
        #expect(Credential.anonymous.isAnonymous && !one.isAnonymous)
    }
}
