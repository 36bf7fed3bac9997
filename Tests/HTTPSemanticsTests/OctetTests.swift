import HTTPSemantics
import Testing

@Suite("Octets, numbers and base64")
struct OctetTests {
    @Test("The sets hold what the RFCs list")
    func sets() {
        func members(_ set: ASCIISet) -> String {
            String(decoding: (UInt8.min...UInt8.max).filter(set.contains), as: UTF8.self)
        }
        let letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
        #expect(Set(members(.token)) == Set("!#$%&'*+-.^_`|~0123456789" + letters + letters.lowercased()))
        #expect(Set(members(.host)) == Set("-._~%!$&'()*+,;=0123456789" + letters + letters.lowercased()))
        #expect(
            Set(members(.target))
                == Set("-._~:/?[]@!$&'()*+,;=%^`{|}0123456789" + letters + letters.lowercased()))
    }

    @Test("Numbers are digits only")
    func digits() {
        #expect(Int64(digits: "0042") == 42 && Int64(digits: "9223372036854775807") == .max)
        for text in ["", "-1", "+1", " 1", "1 ", "1a", "\u{661}", "9223372036854775808"] {
            #expect(Int64(digits: text) == nil, "\(text)")
        }
        #expect(Int64(digits: "99999999999999999999".utf8, atMost: 5) == 5 && Int64(digits: "4".utf8, atMost: 5) == 4)
        #expect(Int64(digits: "x".utf8, atMost: 5) == nil)
    }

    @Test("Blanks around a text are left out, lists are cut at commas")
    func blanks() {
        for text in ["a b", "\t a b ", " a b\t\t"] {
            #expect(text.trimmingBlanks == "a b" && Array(text.utf8).trimmingBlanks.elementsEqual("a b".utf8))
            #expect(
                Array(text.utf8).withUnsafeBytes { Array($0.trimmingBlanks as UnsafeRawBufferPointer) }
                    == Array("a b".utf8))
        }
        #expect(" \t".trimmingBlanks.isEmpty && Array("\n".utf8).trimmingBlanks == [0x0a])
        #expect(Array(" a,, b ,\t,c".utf8).listElements.map { String(decoding: $0, as: UTF8.self) } == ["a", "b", "c"])
    }

    @Test(
        "base64 both ways", arguments: [("", ""), ("f", "Zg=="), ("fo", "Zm8="), ("foo", "Zm9v"), ("foob", "Zm9vYg==")])
    func base64(_ bytes: String, _ text: String) {
        #expect(Base64.encode(Array(bytes.utf8)) == text)
        #expect(Base64.decode(text.utf8) == Array(bytes.utf8))
        let bare = text.filter { $0 != "=" }
        #expect(Base64.decode(bare.utf8, isPaddingOptional: true) == Array(bytes.utf8))
        #expect((Base64.decode(bare.utf8) == nil) == (bare != text))
    }

    @Test(
        "What is no base64",
        arguments: ["Z", "Zg=", "Zg===", "=", "====", "Zm9v=", "Zm 9", "Zm9_", "Zg==Zg==", "Zm8\n"])
    func noBase64(_ text: String) {
        #expect(Base64.decode(text.utf8) == nil)
        #expect(Base64.decode(text.utf8, isPaddingOptional: true) == nil)
    }

    @Test("All 256 octets survive base64")
    func octets() {
        let all = Array(UInt8.min...UInt8.max)
        #expect(Base64.decode(Base64.encode(all).utf8) == all)
        #expect(Base64.encode([0xfb, 0xff]) == "+/8=")
    }
}
