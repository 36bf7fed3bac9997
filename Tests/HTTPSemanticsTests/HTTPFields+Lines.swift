import HTTPSemantics
import Testing

extension HTTPFields {
    /// The fields of a head's lines, each `Name: value` and CR LF.
    init(lines: String) throws {
        self.init()
        for line in lines.split(separator: "\r\n") {
            let colon = try #require(line.firstIndex(of: ":"))
            let name = try #require(HTTPField.Name(line[..<colon]))
            append(HTTPField(name: name, value: String(line[line.index(after: colon)...].trimmingBlanks)))
        }
    }
}
