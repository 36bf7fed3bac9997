import HTTPSemantics
import Testing

@Suite("Fields")
struct HTTPFieldsTests {
    private static let odd = HTTPField.Name("X-Odd")!  // a token

    @Test("Names are found and compared without case, written as they came")
    func names() throws {
        let fields: HTTPFields = [.eTag: "\"a\"", Self.odd: "1"]
        for text in ["ETag", "etag", "ETAG", "eTaG"] {
            let name = try #require(HTTPField.Name(text))
            #expect(name == .eTag && name.rawName == text && name.canonicalName == "etag")
            #expect(fields[name] == "\"a\"")
        }
        let odd = try #require(HTTPField.Name("x-oDD"))
        #expect(odd == Self.odd && odd.hashValue == Self.odd.hashValue)
        #expect(odd.rawName == "x-oDD" && odd.canonicalName == "x-odd" && fields[odd] == "1")
        #expect(Self.odd != HTTPField.Name("X-Ode") && Self.odd != .eTag)
    }

    @Test("Every known name is recognised in each case, and in its usual spelling needs no text of its own")
    func knownNames() throws {
        for id in FieldID.allCases where id.isKnown {
            for text in [id.spelling, id.canonicalSpelling, id.spelling.uppercased()] {
                let name = try #require(HTTPField.Name(text))
                #expect(name.id == id && name == HTTPField.Name(id) && name.rawName == text)
            }
            #expect(id.isDragonfly == id.canonicalSpelling.hasPrefix("x-dragonfly-"))
            for text in [id.spelling + "x", "x" + id.spelling, String(id.spelling.dropLast())] {
                #expect(HTTPField.Name(text)?.id != id, "\(text)")
            }
        }
        #expect(HTTPField.Name("X-Dragonfly-Whatever")?.id == .otherDragonfly)
        #expect(
            HTTPField.Name("X-Dragonfly-")?.isDragonfly == true && HTTPField.Name("X-Dragonfly")?.isDragonfly == false)
        #expect(HTTPField.Name("X-Dragonfly-A") != HTTPField.Name("X-Dragonfly-B"))
    }

    @Test("A name is a token", arguments: ["", "a b", "a:", "\u{e9}", "a\0", "a\r", "(a)", "\"a\"", "a/b", "@"])
    func badNames(_ text: String) {
        #expect(HTTPField.Name(text) == nil)
        #expect(!HTTPField.isValidToken(text))
    }

    @Test("All values of a name are one list; cookies are joined their own way")
    func joined() {
        var fields: HTTPFields = [.vary: "a", .cookie: "x=1", .cookie: "y=2"]
        fields.append(HTTPField(name: .vary, value: "b, c"))
        #expect(fields[.vary] == "a, b, c" && fields[values: .vary] == ["a", "b, c"])
        #expect(fields[.cookie] == "x=1; y=2")
        #expect(fields[.eTag] == nil && fields[values: .eTag].isEmpty && !fields.contains(.eTag))
        #expect(fields.first(.vary) == "a" && fields.contains(.vary))
    }

    @Test("Setting a name leaves one field in the place of the first")
    func setting() {
        var fields: HTTPFields = [.vary: "a", .eTag: "\"a\"", .vary: "b"]
        fields[.vary] = "c"
        #expect(fields.map(\.name) == [.vary, .eTag] && fields[.vary] == "c")
        fields[values: .eTag] = ["\"1\"", "\"2\""]
        #expect(fields.map(\.value) == ["c", "\"1\"", "\"2\""])
        fields[.eTag] = nil
        #expect(fields.map(\.name) == [.vary])
        fields[.age] = "1"
        #expect(fields.map(\.name) == [.vary, .age])
    }

    @Test("Equal is what has the same values of each name in the same order, and it hashes alike")
    func equality() throws {
        let a: HTTPFields = [.vary: "a", .eTag: "\"1\"", .vary: "b"]
        let b: HTTPFields = [.eTag: "\"1\"", .vary: "a", try #require(HTTPField.Name("VARY")): "b"]
        #expect(a == b && a.hashValue == b.hashValue && Set([a, b]).count == 1)
        let differing: [HTTPFields] = [
            [.vary: "b", .eTag: "\"1\"", .vary: "a"], [.vary: "a", .eTag: "\"1\""], [.vary: "a, b", .eTag: "\"1\""],
            [.vary: "a", .eTag: "\"1\"", .vary: "b", .age: "1"], [.vary: "A", .eTag: "\"1\"", .vary: "b"], [:],
        ]
        for other in differing { #expect(a != other) }
    }

    @Test("Octets stay as they came, text or not")
    func octets() {
        for octets: [UInt8] in [[0x61, 0xe9, 0xff], [0xc3, 0xa9], [0xff], [], Array("plain".utf8)] {
            let field = HTTPField(name: Self.odd, value: octets)
            #expect(field.content.octets == octets && field.content.count == octets.count)
            #expect(field.withUnsafeBytesOfValue { Array($0) } == octets)
            #expect(field.content.exactText == String(validating: octets, as: UTF8.self))
            #expect(HTTPField(name: Self.odd, lenientValue: octets) == field)
            #expect(HTTPField.Value(validating: octets)?.hashValue == field.content.hashValue)
        }
        var fields = HTTPFields()
        fields.append(HTTPField(name: Self.odd, value: [0xe9]))
        #expect(fields[content: Self.odd]?.octets == [0xe9] && fields[Self.odd] == "\u{fffd}")
        fields.append(HTTPField(name: Self.odd, value: [0xff]))
        #expect(fields[content: Self.odd]?.octets == [0xe9, 0x2c, 0x20, 0xff])
    }

    @Test("Text that looks alike but has other octets is another value")
    func normalisation() {
        #expect(HTTPField.Value("\u{e9}") != HTTPField.Value("e\u{301}"))
        #expect(HTTPField(name: Self.odd, value: "\u{e9}") != HTTPField(name: Self.odd, value: "e\u{301}"))
    }

    @Test("No value breaks out of its line")
    func lineEnds() {
        for text in ["a\r\nb: c", "a\nb", "a\0b", "a\rb"] {
            #expect(!HTTPField.isValidValue(text) && HTTPField(name: Self.odd, validating: text) == nil)
            #expect(HTTPField.Value(validating: Array(text.utf8)) == nil)
            for value in [HTTPField.Value(text), .init(octets: text.utf8), .init(lenientOctets: text.utf8)] {
                #expect(value.octets.allSatisfy { $0 != 0x0a && $0 != 0x0d && $0 != 0 })
                #expect(value.count == text.utf8.count)
            }
        }
        #expect(HTTPField.Value("a\r\n") == "a")
    }

    @Test("Blanks around a value and control characters in it are not valid; a tab inside is")
    func validity() {
        for text in [" a", "a ", "\ta", "a\t", " ", "a\u{1}", "a\u{7f}", "\u{1b}"] {
            #expect(!HTTPField.isValidValue(text), "\(text.debugDescription)")
        }
        for text in ["", "a", "a b", "a\tb", "\u{e9}", "~!"] { #expect(HTTPField.isValidValue(text)) }
        #expect(HTTPField.Value(" a\u{1}b\t") == "a b")
        // What an origin sent stays, as it did no harm there.
        #expect(HTTPField.Value(lenientOctets: [0x61, 0x01]).octets == [0x61, 0x01])
    }
}
