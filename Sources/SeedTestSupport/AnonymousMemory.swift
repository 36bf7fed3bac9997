import Foundation

/// What a process holds that no file backs.
package enum AnonymousMemory {
    /// Bytes that are resident now.
    /// - Parameter process: its number; `self` is this one.
    package static func resident(in process: String = "self") throws -> Int {
        let status = try String(contentsOfFile: "/proc/\(process)/status", encoding: .utf8)
        let line = status.split(separator: "\n").first { $0.hasPrefix("RssAnon:") }
        let words = line?.split(whereSeparator: { $0 == " " || $0 == "\t" }) ?? []
        guard words.count > 1, let kibibytes = Int(words[1]) else {
            throw FixtureError("no RssAnon in the status of the process")
        }
        return kibibytes * 1024
    }
}
