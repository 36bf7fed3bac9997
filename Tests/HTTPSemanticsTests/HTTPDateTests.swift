import HTTPSemantics
import Testing

@Suite("Dates")
struct HTTPDateTests {
    @Test("All three date formats of RFC 9110 are read")
    func dates() {
        #expect(HTTPDate.seconds("Sun, 06 Nov 1994 08:49:37 GMT") == 784_111_777)
        #expect(HTTPDate.seconds("Sunday, 06-Nov-94 08:49:37 GMT") == 784_111_777)
        #expect(HTTPDate.seconds("Sun Nov  6 08:49:37 1994") == 784_111_777)
        #expect(HTTPDate.seconds("Thu, 01 Jan 1970 00:00:00 GMT") == 0)
        #expect(HTTPDate.seconds("Thu, 29 Feb 2024 23:59:60 GMT") == 1_709_251_200)
        #expect(HTTPDate.seconds("Tuesday, 19-Jan-38 03:14:08 GMT") == 2_147_483_648)
    }

    @Test("Dates are written in the first of them")
    func writtenDates() {
        #expect(HTTPDate.text(second: 784_111_777) == "Sun, 06 Nov 1994 08:49:37 GMT")
        for second in [0, 784_111_777, 1_709_251_199, 2_147_483_648] {
            #expect(HTTPDate.seconds(HTTPDate.text(second: second)) == Int64(second))
        }
    }

    @Test(
        "An invalid date is nil",
        arguments: [
            "", "0", "Sun, 06 Nov 1994 08:49:37", "Sun, 06 Nov 1994 08:49:37 CET", "Sun, 31 Nov 1994 08:49:37 GMT",
            "Sun, 29 Feb 2023 08:49:37 GMT", "Sun, 06 Nov 1994 24:00:00 GMT", "Sun, 06 Nov 94 08:49:37 GMT",
            "Sun, 06 nov 1994 08:49:37 GMT", "Sun, 06 Nov 1994 8:49:37 GMT", "Sun, -6 Nov 1994 08:49:37 GMT",
        ])
    func noDates(_ text: String) {
        #expect(HTTPDate.seconds(text) == nil)
    }

    @Test("Every day from 1970 on for 500 years is written as the calendar has it, and read again")
    func calendar() {
        var (year, month, day) = (1970, 1, 1)
        let months = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]
        let weekdays = ["Thu", "Fri", "Sat", "Sun", "Mon", "Tue", "Wed"]
        for number in 0..<182_622 {
            let second = number * 86_400 + 86_399
            let text = HTTPDate.text(second: second)
            let expected =
                "\(weekdays[number % 7]), \(day < 10 ? "0" : "")\(day) \(months[month - 1]) \(year) 23:59:59 GMT"
            guard text == expected, HTTPDate.seconds(text) == Int64(second) else {
                Issue.record("\(text) instead of \(expected)")
                return
            }
            let isLeap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0)
            let length = month == 2 ? (isLeap ? 29 : 28) : [4, 6, 9, 11].contains(month) ? 30 : 31
            day += 1
            if day > length { (month, day) = (month + 1, 1) }
            if month > 12 { (year, month) = (year + 1, 1) }
        }
        #expect(year == 2470)
    }

    @Test("Dates that have no place in four digits of a year are written as the nearest that has")
    func limits() {
        #expect(HTTPDate.text(second: -1) == "Thu, 01 Jan 1970 00:00:00 GMT")
        #expect(HTTPDate.text(second: Int64.max) == "Fri, 31 Dec 9999 23:59:59 GMT")
        #expect(HTTPDate.seconds("Fri, 31 Dec 9999 23:59:59 GMT") == 253_402_300_799)
        #expect(HTTPDate.seconds("Sat, 01 Jan 0001 00:00:00 GMT") == -62_135_596_800)
    }

    @Test("A date is strong when a minute lies between it and the telling")
    func strong() {
        #expect(HTTPDate.isStrong(modified: 40, toldAt: 100))
        #expect(!HTTPDate.isStrong(modified: 41, toldAt: 100))
    }
}
