import Glibc

/// Dates as HTTP writes them (RFC 9110 §5.6.7).
package enum HTTPDate {
    /// Seconds since 1970 of a date in one of the three formats; nil for anything else.
    ///
    /// `Sun, 06 Nov 1994 08:49:37 GMT`, `Sunday, 06-Nov-94 08:49:37 GMT`, `Sun Nov  6 08:49:37 1994`.
    package static func seconds(_ text: String) -> Int64? {
        let words = text.split(separator: " ")
        switch words.count {
        case 6 where words[0].hasSuffix(",") && words[5] == "GMT":
            guard words[3].utf8.count == 4 else { return nil }
            return seconds(day: words[1], month: words[2], year: Int64(digits: words[3]), clock: words[4])
        case 4 where words[0].hasSuffix(",") && words[3] == "GMT":
            let parts = words[1].split(separator: "-", omittingEmptySubsequences: false)
            guard parts.count == 3, parts[2].utf8.count == 2 else { return nil }
            return seconds(day: parts[0], month: parts[1], year: century(Int64(digits: parts[2])), clock: words[2])
        case 5:
            guard words[4].utf8.count == 4 else { return nil }
            return seconds(day: words[2], month: words[1], year: Int64(digits: words[4]), clock: words[3])
        default: return nil
        }
    }

    /// The format that is written today: `Sun, 06 Nov 1994 08:49:37 GMT`.
    /// - Parameter second: since 1970.
    package static func text(second: Int) -> String {
        var second = time_t(second)
        var parts = tm()
        gmtime_r(&second, &parts)
        func two(_ number: Int32) -> String { number < 10 ? "0\(number)" : "\(number)" }
        return "\(weekdays[Int(parts.tm_wday)]), \(two(parts.tm_mday)) \(months[Int(parts.tm_mon)]) "
            + "\(1900 + parts.tm_year) \(two(parts.tm_hour)):\(two(parts.tm_min)):\(two(parts.tm_sec)) GMT"
    }

    /// Two digits name a year from 1970 to 2069: all that a file's date or an answer's can mean now.
    private static func century(_ year: Int64?) -> Int64? {
        year.map { $0 < 70 ? 2000 + $0 : 1900 + $0 }
    }

    private static let weekdays = ["Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"]
    private static let months = [
        "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
    ]

    private static func seconds(day: Substring, month: Substring, year: Int64?, clock: Substring) -> Int64? {
        guard let year, let day = Int64(digits: day), let index = months.firstIndex(of: String(month)) else {
            return nil
        }
        let parts = clock.split(separator: ":", omittingEmptySubsequences: false)
        let numbers = parts.compactMap { $0.utf8.count == 2 ? Int64(digits: $0) : nil }
        guard parts.count == 3, numbers.count == 3, numbers[0] < 24, numbers[1] < 60, numbers[2] <= 60 else {
            return nil
        }
        let month = Int64(index) + 1
        guard (1...length(of: month, in: year)).contains(day) else { return nil }
        return days(year, month, day) * 86_400 + numbers[0] * 3600 + numbers[1] * 60 + numbers[2]
    }

    private static func length(of month: Int64, in year: Int64) -> Int64 {
        let isLeap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0)
        return month == 2 ? (isLeap ? 29 : 28) : [4, 6, 9, 11].contains(month) ? 30 : 31
    }

    /// Days since 1970-01-01. Years begin in March, so that the leap day is the last of its year.
    private static func days(_ year: Int64, _ month: Int64, _ day: Int64) -> Int64 {
        let marchYear = month > 2 ? year : year - 1
        let dayOfYear = (153 * ((month + 9) % 12) + 2) / 5 + day - 1
        return marchYear * 365 + marchYear / 4 - marchYear / 100 + marchYear / 400 + dayOfYear - 719_468
    }
}
