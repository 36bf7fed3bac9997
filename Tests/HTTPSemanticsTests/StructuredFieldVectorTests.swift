import Foundation
import HTTPSemantics
import Testing

/// The HTTP working group's cases (github.com/httpwg/structured-field-tests). They are not part of this package: they
/// are read from `SEED_STRUCTURED_FIELDS`, or from a folder `shared/vectors/structured-fields` beside it.
@Suite("Structured fields: the working group's cases", .enabled(if: !Vectors.files.isEmpty))
struct StructuredFieldVectorTests {
    @Test("Each is read or refused as it says, and written again in its canonical form", arguments: Vectors.files)
    func cases(_ file: URL) throws {
        let json = try JSONSerialization.jsonObject(with: Data(contentsOf: file))
        for record in try #require(json as? [[String: Any]]) { try check(record) }
    }

    private func check(_ record: [String: Any]) throws {
        let name = try #require(record["name"] as? String)
        let raw = try #require(record["raw"] as? [String]).joined(separator: ", ")
        guard let parsed = try? Parsed(raw, as: try #require(record["header_type"] as? String)) else {
            #expect(record["must_fail"] as? Bool == true || record["can_fail"] as? Bool == true, "\(name): refused")
            return
        }
        #expect(record["must_fail"] as? Bool != true, "\(name): taken")
        guard let expected = record["expected"] else { return }
        #expect(parsed.value as NSObject == expected as? NSObject, "\(name): \(parsed.value)")
        let canonical = (record["canonical"] as? [String])?.joined(separator: ", ") ?? raw
        #expect(parsed.text == canonical, "\(name)")
    }
}

/// A field's value in the shape that the cases have, and as canonical text.
private struct Parsed {
    var value: NSArray
    var text: String?

    init(_ raw: String, as type: String) throws {
        switch type {
        case "item":
            let item = try StructuredField.item(raw.utf8)
            (value, text) = (Self.json(item), StructuredField.text(item))
        case "list":
            let list = try StructuredField.list(raw.utf8)
            (value, text) = (list.map(Self.json) as NSArray, StructuredField.text(list))
        default:
            let dictionary = try StructuredField.dictionary(raw.utf8)
            value = dictionary.entries.map { [$0.key, Self.json($0.value)] as NSArray } as NSArray
            text = StructuredField.text(dictionary)
        }
    }

    private static func json(_ member: StructuredField.Member) -> NSArray {
        switch member {
        case .item(let item): json(item)
        case .innerList(let list): [list.items.map { json($0) }, json(list.parameters)]
        }
    }

    private static func json(_ item: StructuredField.Item) -> NSArray {
        [json(item.value), json(item.parameters)]
    }

    private static func json(_ parameters: StructuredField.Parameters) -> NSArray {
        parameters.entries.map { [$0.key, json($0.value)] as NSArray } as NSArray
    }

    private static func json(_ value: StructuredField.BareItem) -> Any {
        switch value {
        case .integer(let integer): integer
        case .decimal(let decimal): Double(decimal.thousandths) / 1000
        case .string(let text): text
        case .token(let text): ["__type": "token", "value": text]
        case .bytes(let bytes): ["__type": "binary", "value": base32(bytes)]
        case .boolean(let isTrue): isTrue
        case .date(let second): ["__type": "date", "value": second]
        case .displayString(let text): ["__type": "displaystring", "value": text]
        }
    }

    private static func base32(_ bytes: [UInt8]) -> String {
        let alphabet = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZ234567")
        let bits = bytes.flatMap { byte in (0..<8).reversed().map { byte >> $0 & 1 } }
        var text = stride(from: 0, to: bits.count, by: 5).map { start in
            let digit = (start..<start + 5).reduce(0) { $0 << 1 | ($1 < bits.count ? Int(bits[$1]) : 0) }
            return alphabet[digit]
        }
        while text.count % 8 != 0 { text.append("=") }
        return String(text)
    }
}

private enum Vectors {
    static let files: [URL] = {
        let beside = URL(filePath: #filePath).appending(path: "../../../../shared/vectors/structured-fields")
        let named = ProcessInfo.processInfo.environment["SEED_STRUCTURED_FIELDS"].map { URL(filePath: $0) }
        let found = try? FileManager.default.contentsOfDirectory(
            at: (named ?? beside).standardizedFileURL, includingPropertiesForKeys: nil)
        return (found ?? []).filter { $0.pathExtension == "json" }.sorted { $0.path() < $1.path() }
    }()
}
