import Foundation
import Testing

/// Comments, tests and documents cite the rules of docs/design.md by name, so that renaming or dropping one shows here.
@Suite("What the design page and the sources say of each other")
struct RuleCitationTests {
    private static let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent()

    @Test("Every cited rule is on the page, and none is cited by its number")
    func citations() throws {
        let names = try Self.names()
        #expect(names.count >= 30)
        #expect(Set(names).count == names.count, "a name stands for two rules")
        var count = 0
        for file in try Self.files() {
            count += 1
            let wrong = Self.wrongCitations(in: try String(contentsOf: file, encoding: .utf8), of: Set(names))
            #expect(wrong.isEmpty, "\(file.lastPathComponent) cites \(wrong.joined(separator: ", "))")
        }
        #expect(count >= 600)
    }

    @Test("Every source file that the page points to is there")
    func sources() throws {
        let page = try String(contentsOf: Self.root.appending(path: "docs/design.md"), encoding: .utf8)
        let paths = page.matches(of: /`([A-Za-z]+\/[A-Za-z\/+]+\.swift)`/).map { String($0.1) }
        #expect(paths.count >= 15)
        for path in paths {
            let file = Self.root.appending(path: "Sources").appending(path: path)
            #expect(FileManager.default.fileExists(atPath: file.path), "\(path)")
        }
    }

    @Test(
        "Unknown names and numbers are found, also across lines; parameters and other words are not",
        arguments: [
            ("// See \(rule):known and \(rule):unknown.", ["unknown"]), ("/// (\(rule) 7)", ["number 7"]),
            ("/// (\(rule)s\n/// 12 and 13)", ["number 12"]), ("\(rule.capitalized) 3.", ["number 3"]),
            ("serve(\(rule): matching, un\(rule) 5, \(rule)s of 2)", []),
        ])
    func detection(text: String, wrong: [String]) {
        #expect(Self.wrongCitations(in: text, of: ["known"]) == wrong)
    }

    /// The names that the page gives to its rules, in its order.
    private static func names() throws -> [String] {
        let page = try String(contentsOf: root.appending(path: "docs/design.md"), encoding: .utf8)
        return page.split(separator: "\n").compactMap { line in
            guard let first = line.first, first.isNumber || first == "-" else { return nil }
            let item = line.drop { $0.isNumber || ".- ".contains($0) }
            let mark = "`\(rule):"
            return item.hasPrefix(mark) ? name(item.dropFirst(mark.count)) : nil
        }
    }

    /// Names that are not known, and numbers, that the text cites.
    private static func wrongCitations(in text: String, of names: Set<String>) -> [String] {
        let parts = text.lowercased().components(separatedBy: rule)
        return zip(parts, parts.dropFirst()).compactMap { before, after in
            guard before.last?.isLetter != true else { return nil }
            if after.hasPrefix(":") {
                let cited = name(after.dropFirst())
                return cited.isEmpty || names.contains(cited) ? nil : cited
            }
            let rest = after.hasPrefix("s") ? after.dropFirst() : after[...]
            let number = rest.drop { $0.isWhitespace || $0 == "/" }.prefix(while: \.isNumber)
            return rest.first?.isWhitespace == true && !number.isEmpty ? "number \(number)" : nil
        }
    }

    private static func name(_ text: Substring) -> String {
        String(text.prefix { $0.isASCII && ($0.isLetter || $0.isNumber || $0 == "-") })
    }

    private static func files() throws -> [URL] {
        try ["Sources", "Tests", "benchmarks", "docs", "config"].flatMap { folder in
            let found = FileManager.default.enumerator(
                at: root.appending(path: folder), includingPropertiesForKeys: nil, options: .skipsHiddenFiles)
            return try #require(found).compactMap { $0 as? URL }
                .filter { ["swift", "md", "c", "h"].contains($0.pathExtension) }
        }
    }
}

/// Put together, since this file is read as well.
private let rule = "ru" + "le"
