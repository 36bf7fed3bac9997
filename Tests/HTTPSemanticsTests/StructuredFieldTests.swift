import HTTPSemantics
import Testing

/// Some cases of each kind; `StructuredFieldVectorTests` has the working group's.
@Suite("Structured fields (RFC 9651)")
struct StructuredFieldTests {
    typealias BareItem = StructuredField.BareItem

    @Test(
        "Items",
        arguments: [
            ("42", BareItem.integer(42), nil), ("-0", .integer(0), "0"), ("  042 ", .integer(42), "42"),
            ("999999999999999", .integer(999_999_999_999_999), nil), ("-1.5", .decimal(.init(thousandths: -1500)), nil),
            ("-0.250", .decimal(.init(thousandths: -250)), "-0.25"), ("1.0", .decimal(.init(thousandths: 1000)), nil),
            ("\"a \\\"b\\\\\"", .string("a \"b\\"), nil), ("\"\"", .string(""), nil), ("*a:/b", .token("*a:/b"), nil),
            (":AQI=:", .bytes([1, 2]), nil), (":AQI:", .bytes([1, 2]), ":AQI=:"), ("::", .bytes([]), nil),
            ("?1", .boolean(true), nil), ("?0", .boolean(false), nil), ("@-5", .date(-5), nil),
            ("%\"f%c3%bc %25\"", .displayString("f\u{fc} %"), nil),
        ] as [(String, BareItem, String?)])
    func items(_ text: String, _ value: BareItem, _ canonical: String?) throws {
        #expect(try StructuredField.item(text.utf8) == StructuredField.Item(value))
        #expect(StructuredField.text(value) == canonical ?? text)
    }

    @Test(
        "What is no item",
        arguments: [
            "", " ", "-", "--1", "1.", "1.2345", ".5", "1234567890123456", "1234567890123.1", "+1", "\"a", "\"a\\n\"",
            "\"\u{e9}\"", "\"\t\"", "a b", "1 2", ":AQ", ":A:", ":AQ*=:", "?", "?2", "@1.5", "@", "%\"%C3%BC\"",
            "%\"%c3\"", "%\"a", "%a", "\t1", "1\t", "a;", "a;A", "a;b=", "a ;b", "(1)", "a,b", "=", "\u{e9}",
        ])
    func malformedItems(_ text: String) {
        #expect((try? StructuredField.item(text.utf8)) == nil)
    }

    @Test("Lists, with inner lists and parameters")
    func lists() throws {
        let list = try StructuredField.list("a;q=1 ,\t(\"x\" 2;p);r=?0,  ( )".utf8)
        #expect(list.count == 3 && list[0].parameters["q"] == .integer(1) && list[0].item?.value == .token("a"))
        guard case .innerList(let inner) = list[1] else {
            Issue.record("no inner list")
            return
        }
        #expect(inner.items.map(\.value) == [.string("x"), .integer(2)] && inner.items[1].parameters.isTrue("p"))
        #expect(inner.parameters["r"] == .boolean(false) && !inner.parameters.isTrue("r"))
        #expect(list[2] == .innerList(.init([])))
        #expect(StructuredField.text(list) == "a;q=1, (\"x\" 2;p);r=?0, ()")
        #expect(try StructuredField.list("".utf8).isEmpty)
        for text in ["a,", ",a", "a,,b", "a b", "(a", "(a,b)", "(a\"b\")", "((a))", "a)", "(a);"] {
            #expect((try? StructuredField.list(text.utf8)) == nil, "\(text)")
        }
    }

    @Test("Dictionaries: the last value of a key counts, in the place of the first")
    func dictionaries() throws {
        var dictionary = try StructuredField.dictionary("a=1, b;x, c=?1;y=2 , a=(1 2), *d_-.=z".utf8)
        #expect(dictionary.keys == ["a", "b", "c", "*d_-."] && dictionary.count == 4)
        #expect(dictionary["b"]?.parameters.isTrue("x") == true && dictionary["b"]?.item?.value == .boolean(true))
        #expect(StructuredField.text(dictionary) == "a=(1 2), b;x, c;y=2, *d_-.=z")
        dictionary["b"] = nil
        dictionary["b"] = nil
        #expect(dictionary.keys == ["a", "c", "*d_-."] && dictionary["b"] == nil)
        for text in ["A=1", "a=", "=1", "1=2", "a=1,", "a=1 b=2", "a = 1", "a= 1"] {
            #expect((try? StructuredField.dictionary(text.utf8)) == nil, "\(text)")
        }
        let entries = try StructuredField.entries("A=1, a=2".utf8, keysInAnyCase: true)
        #expect(entries.map(\.key) == ["a", "a"])
    }

    @Test("Lines of one field are one list; where a field is malformed is told")
    func fields() {
        let fields: HTTPFields = [.cacheStatus: "a", .cacheStatus: "b;c=1", .reprDigest: "a=1, b=\u{e9}"]
        #expect(fields.structuredList(.cacheStatus)?.count == 2 && fields.structuredList(.age)?.isEmpty == true)
        #expect(fields.structuredDictionary(.reprDigest) == nil && fields.structuredDictionary(.age)?.isEmpty == true)
        #expect(throws: StructuredField.Malformed(position: 7)) { try StructuredField.dictionary("a=1, b=\u{e9}".utf8) }
    }

    @Test("Values that have no text")
    func unwritable() {
        let values: [BareItem] = [
            .integer(1_000_000_000_000_000), .decimal(.init(thousandths: 1_000_000_000_000_000)), .string("\u{e9}"),
            .string("\n"), .token(""), .token("1a"), .token("a b"), .date(.min), .integer(.min),
        ]
        for value in values { #expect(StructuredField.text(value) == nil) }
        var parameters = StructuredField.Parameters()
        parameters["A"] = .integer(1)
        #expect(StructuredField.text(StructuredField.Item(.integer(1), parameters)) == nil)
    }

    @Test("A field of a hundred thousand members, or with as many keys, is read in its length")
    func long() throws {
        let many = (0..<100_000).map { "k\($0);a" }.joined(separator: ",")
        #expect(try StructuredField.dictionary(many.utf8).count == 100_000)
        let nested = String(repeating: "(", count: 100_000)
        #expect((try? StructuredField.list(nested.utf8)) == nil)
    }
}
