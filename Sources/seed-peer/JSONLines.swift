import Foundation

/// Commands that read one JSON object per line from standard input and answer each with one line.
enum JSONLines {
    /// A line that cannot be answered gives `{"error": "…"}` and does not end the run.
    static func run<Request: Decodable>(_ answer: (Request) throws -> some Encodable) throws {
        while let line = readLine() {
            guard !line.isEmpty else { continue }
            do {
                print(try text(answer(JSONDecoder().decode(Request.self, from: Data(line.utf8)))))
            } catch {
                print(try text(["error": "\(error)"]))
            }
        }
    }

    static func text(_ value: some Encodable) throws -> String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        return String(decoding: try encoder.encode(value), as: UTF8.self)
    }
}
