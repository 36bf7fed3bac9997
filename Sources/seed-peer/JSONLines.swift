import CommandLineInterface
import FoundationEssentials

/// Commands that read one JSON object per line from standard input and answer each with one line.
enum JSONLines {
    /// A line that cannot be answered gives `{"error": "…"}` and does not end the run.
    static func run<Request: Decodable>(
        _ console: Console, _ answer: (Request) throws -> some Encodable
    ) throws {
        while let line = readLine() {
            guard !line.isEmpty else { continue }
            try console.print(try self.answer(line, answer))
        }
    }

    private static func answer<Request: Decodable>(
        _ line: String, _ answer: (Request) throws -> some Encodable
    ) throws -> String {
        do {
            return try text(answer(JSONDecoder().decode(Request.self, from: Data(line.utf8))))
        } catch {
            return try text(["error": "\(error)"])
        }
    }

    static func text(_ value: some Encodable) throws -> String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        return String(decoding: try encoder.encode(value), as: UTF8.self)
    }
}
