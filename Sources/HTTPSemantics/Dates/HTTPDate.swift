/// Dates as HTTP writes them (RFC 9110 §5.6.7).
package enum HTTPDate {
    /// Seconds since 1970 of a date in one of the three formats; nil for anything else.
    ///
    /// `Sun, 06 Nov 1994 08:49:37 GMT`, `Sunday, 06-Nov-94 08:49:37 GMT`, `Sun Nov  6 08:49:37 1994`.
    package static func seconds(_ octets: some Collection<UInt8>) -> Int64? {
        let words = octets.split(separator: .space)
        switch words.count {
        case 6 where endsWithComma(words[0]) && words[5].elementsEqual("GMT".utf8):
            guard words[3].count == 4 else { return nil }
            return seconds(day: words[1], month: words[2], year: Int64(digits: words[3]), clock: words[4])
        case 4 where endsWithComma(words[0]) && words[3].elementsEqual("GMT".utf8):
            let parts = words[1].split(separator: UInt8(ascii: "-"), omittingEmptySubsequences: false)
            guard parts.count == 3, parts[2].count == 2 else { return nil }
            return seconds(day: parts[0], month: parts[1], year: century(Int64(digits: parts[2])), clock: words[2])
        case 5:
            guard words[4].count == 4 else { return nil }
            return seconds(day: words[2], month: words[1], year: Int64(digits: words[4]), clock: words[3])
        default: return nil
        }
    }

    /// The same, of text.
    package static func seconds(_ text: some StringProtocol) -> Int64? {
        seconds(text.utf8)
    }

    /// The same, of a field's value.
    package static func seconds(_ value: HTTPField.Value) -> Int64? {
        seconds(value.octets)
    }

    /// The format that is written today: `Sun, 06 Nov 1994 08:49:37 GMT`.
    /// - Parameter second: since 1970; up to the end of the year 9999, later ones count as that.
    package static func text(second: some BinaryInteger) -> String {
        let second = min(max(Int64(clamping: second), 0), Day.lastSecond)
        let (day, rest) = second.quotientAndRemainder(dividingBy: 86_400)
        let date = Day(number: day)
        func two(_ number: Int64) -> String { number < 10 ? "0\(number)" : "\(number)" }
        let year = String("000\(date.year)".suffix(4))
        return "\(weekdays[Int((day + 4) % 7)]), \(two(date.day)) \(months[Int(date.month) - 1]) \(year) "
            + "\(two(rest / 3600)):\(two(rest / 60 % 60)):\(two(rest % 60)) GMT"
    }

    /// Whether a `Last-Modified` is a strong validator: the response is at least a minute younger (RFC 9110 §8.8.2.2).
    /// Both in seconds since 1970.
    package static func isStrong(modified: Int64, toldAt: Int64) -> Bool {
        modified <= toldAt - 60
    }

    private static func endsWithComma(_ word: some Collection<UInt8>) -> Bool {
        word.dropFirst(word.count - 1).first == UInt8(ascii: ",")
    }

    /// Two digits name a year from 1970 to 2069: the range of dates that files and responses can have.
    private static func century(_ year: Int64?) -> Int64? {
        year.map { $0 < 70 ? 2000 + $0 : 1900 + $0 }
    }

    private static let weekdays = ["Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"]
    private static let months = [
        "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
    ]

    private static func seconds<Octets: Collection<UInt8>>(
        day: Octets, month: Octets, year: Int64?, clock: Octets
    ) -> Int64? {
        guard let year, let day = Int64(digits: day),
            let index = months.firstIndex(where: { month.elementsEqual($0.utf8) }),
            let date = Day(year: year, month: Int64(index) + 1, day: day)
        else { return nil }
        let parts = clock.split(separator: UInt8(ascii: ":"), omittingEmptySubsequences: false)
        let numbers = parts.compactMap { $0.count == 2 ? Int64(digits: $0) : nil }
        guard parts.count == 3, numbers.count == 3, numbers[0] < 24, numbers[1] < 60, numbers[2] <= 60 else {
            return nil
        }
        return date.number * 86_400 + numbers[0] * 3600 + numbers[1] * 60 + numbers[2]
    }
}
