import HTTPSemantics
import SeedTestSupport

/// What must hold of each grammar whatever octets it is given. `SemanticsFuzzTests` gives it generated ones,
/// `scripts/fuzz` those that libFuzzer finds.
///
/// Each check says what is wrong, or nil.
enum SemanticsCheck {
    /// What a range resolves to lies within the object, and is read again as it is written.
    static func range(_ bytes: [UInt8], _ random: inout Seeded) -> String? {
        let specs: [RangeSpec] =
            switch RangeSpec.parse(header: bytes) {
            case .ignored: []
            case .one(let spec): [spec]
            case .several(let specs): specs
            }
        let length = Int64(random.below(21))
        for spec in specs {
            if let range = spec.resolve(length: length), range.upperBound > length { return "\(range) of \(length)" }
            if RangeSpec.parse(header: "bytes=\(spec)") != .one(spec) { return "\(spec) does not read the same again" }
        }
        return nil
    }

    /// Entity tags, dates, `Cache-Control`, `Content-Range`, `Vary`, `Retry-After`.
    static func values(_ bytes: [UInt8]) -> String? {
        tags(bytes) ?? contentRange(bytes) ?? times(bytes)
    }

    private static func tags(_ bytes: [UInt8]) -> String? {
        if case .tags(let tags)? = EntityTagList(bytes) {
            if tags.isEmpty { return "a list without a tag" }
            for tag in tags where EntityTag(tag.value) != tag { return "\(tag) does not read the same again" }
        }
        if let tag = EntityTag(bytes), !tag.matchesWeakly(tag) || tag.value.octets != bytes { return "\(tag)" }
        return nil
    }

    private static func contentRange(_ bytes: [UInt8]) -> String? {
        guard let parsed = bytes.withUnsafeBytes({ ContentRange(parsing: $0) }) else { return nil }
        if case .part(let range, let total) = parsed {
            if range.isEmpty || range.lowerBound < 0 { return "Content-Range of \(range)" }
            if let total, total < range.upperBound { return "Content-Range of \(range) beyond \(total)" }
        }
        return ContentRange(parsing: parsed.description) == parsed ? nil : "\(parsed) does not read the same again"
    }

    private static func times(_ bytes: [UInt8]) -> String? {
        var fields = HTTPFields()
        for name in [HTTPField.Name.cacheControl, .age, .vary, .retryAfter, .connection] {
            fields.append(HTTPField(name: name, lenientValue: bytes))
        }
        let control = CacheControl(fields)
        for age in [control.maxAge, control.sharedMaxAge, fields.ageInSeconds, fields.retryAfter?.delay(now: 0)] {
            if let age, !(0...1 << 31).contains(age) { return "an age of \(age)" }
        }
        _ = (fields.variesBeyondEncoding, fields.representation, fields.forClient)
        if let second = HTTPDate.seconds(bytes), abs(second) > 253_402_300_800 { return "the second \(second)" }
        return nil
    }

    /// What is read can be written, and that reads the same again.
    static func structured(_ bytes: [UInt8]) -> String? {
        if let item = try? StructuredField.item(bytes) {
            guard let text = StructuredField.text(item) else { return "\(item) can't be written" }
            if (try? StructuredField.item(text.utf8)) != item { return "the item \(text)" }
        }
        if let list = try? StructuredField.list(bytes) {
            guard let text = StructuredField.text(list) else { return "\(list) can't be written" }
            if (try? StructuredField.list(text.utf8)) != list { return "the list \(text)" }
        }
        if let dictionary = try? StructuredField.dictionary(bytes) {
            guard let text = StructuredField.text(dictionary) else { return "\(dictionary) can't be written" }
            if (try? StructuredField.dictionary(text.utf8)) != dictionary { return "the dictionary \(text)" }
        }
        return nil
    }

    /// No octets make a field that breaks out of its line, and what is valid stays as it is.
    static func fields(_ bytes: [UInt8]) -> String? {
        if let name = HTTPField.Name(octets: bytes) {
            if !name.rawName.utf8.elementsEqual(bytes) { return "the name \(name)" }
            if HTTPField.Name(name.canonicalName) != name { return "\(name) is not its lower case" }
        }
        let values = [HTTPField.Value(octets: bytes), HTTPField.Value(lenientOctets: bytes)]
        for value in values where value.octets.contains(where: { $0 == 0 || $0 == 0x0a || $0 == 0x0d }) {
            return "the value \(value.octets)"
        }
        if !HTTPField.isValidValue(values[0].octets) { return "\(values[0].octets) is not valid" }
        return HTTPField.isValidValue(bytes) && values[0].octets != bytes ? "\(bytes) was changed" : nil
    }
}
