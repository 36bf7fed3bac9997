import Glibc

/// Log entries as lines of text.
package enum LogText {
    /// `2026-01-31T12:00:00+0000 info seed-peer: key=value [SeedServer] message`, with a line feed behind it. Line feeds
    /// and other controls inside are written as `\n`, `\u{7f}`, so that no message can forge a line.
    package static func line(_ entry: Logger.Entry) -> String {
        var line = "\(time(entry.time)) \(entry.level.rawValue) \(entry.label):"
        for (key, value) in entry.metadata { line += " \(key)=\(escaped(value))" }
        line += " [\(entry.source)] \(escaped(entry.message))\n"
        return line
    }

    /// One write for each line, so that lines of several threads don't mix. What can't be written is lost.
    @Sendable
    package static func writeToStandardError(_ entry: Logger.Entry) {
        try? System.writeAll(STDERR_FILENO, line(entry))
    }

    private static func time(_ time: Timestamp) -> String {
        var (seconds, parts) = (time_t(time.seconds), tm())
        localtime_r(&seconds, &parts)
        return withUnsafeTemporaryAllocation(of: CChar.self, capacity: 32) { text in
            let count = strftime(text.baseAddress, text.count, "%Y-%m-%dT%H:%M:%S%z", &parts)
            return String(decoding: UnsafeRawBufferPointer(text)[..<count], as: UTF8.self)
        }
    }

    /// Safe for terminals and log files: control characters as `\n`, `\u{7f}`.
    package static func escaped(_ text: String) -> String {
        guard text.unicodeScalars.contains(where: isControl) else { return text }
        return text.unicodeScalars.map { isControl($0) ? $0.escaped(asASCII: true) : String($0) }.joined()
    }

    private static func isControl(_ scalar: Unicode.Scalar) -> Bool {
        scalar.properties.generalCategory == .control
    }
}
