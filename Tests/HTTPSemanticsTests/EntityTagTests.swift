import HTTPSemantics
import Testing

@Suite("Entity tags")
struct EntityTagTests {
    @Test(
        "Lists of tags are read strictly",
        arguments: [
            ("\"a\"", 1), ("\"a\",\"b\"", 2), (" , \"a\" ,, W/\"b\" ,", 2), ("\"\"", 1), ("\"a,b\"", 1),
            ("\"\u{e9}\"", 1),
            ("", nil), (",", nil), ("a", nil), ("\"a", nil), ("\"a\" \"b\"", nil), ("w/\"a\"", nil), ("*, \"a\"", nil),
            ("W/ \"a\"", nil), ("\"a b\"", nil),
        ])
    func lists(_ text: String, _ count: Int?) {
        if case .tags(let tags)? = EntityTagList(text) { #expect(tags.count == count) } else { #expect(count == nil) }
    }

    @Test("* stands alone")
    func any() {
        #expect(EntityTagList("*") == .any)
        #expect(EntityTagList(" *\t") == .any)
        #expect(EntityTag("\"a\"") == EntityTag("\"a\""))
        #expect(EntityTag("\"a\"") != EntityTag("W/\"a\""))
        #expect(EntityTag("\"a\"x") == nil)
    }

    @Test(
        "Which tags of a response are strong",
        arguments: [
            ("\"a\"", "\"a\""), ("\"\"", "\"\""), ("\"a,b\"", "\"a,b\""), ("\"a", nil), ("a\"", nil), ("\"", nil),
            ("a", nil),
            ("W/\"a\"", nil), ("\"a b\"", nil), ("\"a\"b\"", nil), ("\"a\", \"a\"", nil), ("", nil),
        ])
    func strong(_ text: String, _ tag: String?) {
        let headers: HTTPFields = [.eTag: text]
        #expect(headers.strongETag?.text == tag)
    }

    @Test("A tag given twice is one if both are the same")
    func twice() {
        var headers: HTTPFields = [.eTag: "\"a\""]
        headers.append(HTTPField(name: .eTag, value: "\"a\""))
        #expect(headers.strongETag == "\"a\"")
        headers[1].value = "\"b\""
        #expect(headers.entityTag == nil)
    }

    @Test("A tag is written as it was read")
    func written() {
        for text in ["\"a\"", "W/\"\"", "\"\u{e9}\""] { #expect(EntityTag(text)?.value.text == text) }
    }
}
