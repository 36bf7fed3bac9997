import SeedOrigin
import SeedSupport
import Testing

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
