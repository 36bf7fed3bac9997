/// Durations as people write them, the way the `humantime` crate reads them: `10s`, `1h30m`, `1h 30m`.
enum HumanDuration {
    /// Reads a duration; nil when it is not one, has no unit, or is too long for the clock.
    static func parse(_ text: String) -> Duration? {
        var rest = Substring(text.filter { $0 != " " })
        guard !rest.isEmpty else { return nil }
        var total = Duration.zero
        while !rest.isEmpty {
            let number = rest.prefix(while: \.isASCIIDigit)
            rest = rest.dropFirst(number.count)
            let unit = rest.prefix { !$0.isASCIIDigit }
            rest = rest.dropFirst(unit.count)
            guard let count = Int64(number), let length = units[String(unit)], let part = length.times(count) else {
                return nil
            }
            guard total <= longest - part else { return nil }
            total += part
        }
        return total
    }

    /// Writes a duration in the largest units that leave nothing over: `360s` is `6m`, 90 s is `1m30s`.
    static func show(_ duration: Duration) -> String {
        var rest = duration
        var text = ""
        for (name, length) in [
            ("d", Duration.seconds(86_400)), ("h", .seconds(3_600)), ("m", .seconds(60)),
            ("s", .seconds(1)), ("ms", .milliseconds(1)), ("us", .microseconds(1)), ("ns", .nanoseconds(1)),
        ]
        where rest >= length {
            let count = Int64(rest / length)
            text += "\(count)\(name)"
            rest -= length * count
        }
        return text.isEmpty ? "0s" : text
    }

    /// A hundred years: longer than any sensible setting, and far from overflow.
    fileprivate static let longest = Duration.seconds(100 * 31_557_600)

    private static let units: [String: Duration] = {
        let names: [(Duration, String)] = [
            (.nanoseconds(1), "ns nsec nanos"), (.microseconds(1), "us usec micros"),
            (.milliseconds(1), "ms msec millis"), (.seconds(1), "s sec secs second seconds"),
            (.seconds(60), "m min mins minute minutes"), (.seconds(3_600), "h hr hrs hour hours"),
            (.seconds(86_400), "d day days"), (.seconds(604_800), "w week weeks"),
            (.seconds(2_630_016), "M month months"), (.seconds(31_557_600), "y year years"),
        ]
        return names.reduce(into: [:]) { table, entry in
            for name in entry.1.split(separator: " ") { table[String(name)] = entry.0 }
        }
    }()
}

extension Character {
    var isASCIIDigit: Bool { isASCII && isWholeNumber }
}

extension Duration {
    /// The product, or nil when it would be longer than anybody means.
    fileprivate func times(_ count: Int64) -> Duration? {
        guard Double(count) * (self / .seconds(1)) <= HumanDuration.longest / .seconds(1) else { return nil }
        return self * count
    }
}
