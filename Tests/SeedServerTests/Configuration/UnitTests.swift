import Testing

@testable import SeedServer

@Suite("Units of the configuration")
struct UnitTests {
    @Test(
        "Durations are read as humantime reads them",
        arguments: [
            ("10s", .seconds(10)), ("1h30m", .seconds(5_400)), ("1h 30m", .seconds(5_400)), ("360s", .seconds(360)),
            ("250ms", .milliseconds(250)), ("2 days", .seconds(172_800)), ("1week", .seconds(604_800)),
            ("1M", .seconds(2_630_016)), ("1m", .seconds(60)), ("0s", .zero), ("5us", .microseconds(5)),
        ] as [(String, Duration)])
    func durations(text: String, duration: Duration) {
        #expect(HumanDuration.parse(text) == duration)
    }

    @Test(
        "What is no duration is refused",
        arguments: ["", "10", "s", "-1s", "1.5s", "10 parsecs", "99999999999999999999s", "9999y", "1s2", "٣s"])
    func noDurations(text: String) {
        #expect(HumanDuration.parse(text) == nil)
    }

    @Test("A duration that is written reads back", arguments: [0, 1, 59, 60, 90, 3_600, 86_400, 90_061])
    func durationsReadBack(seconds: Int) {
        let duration = Duration.seconds(seconds) + .milliseconds(7)
        #expect(HumanDuration.parse(HumanDuration.show(duration)) == duration)
    }

    @Test(
        "MB is ten to the sixth, MiB two to the twentieth",
        arguments: [
            ("1MB", 1_000_000), ("1MiB", 1_048_576), ("50GB", 50_000_000_000), ("64 MiB", 67_108_864), ("512", 512),
            ("4k", 4_000), ("4Ki", 4_096), ("1.5GiB", 1_610_612_736), ("0", 0), ("10B", 10), ("2mib", 2_097_152),
        ] as [(String, Int64)])
    func sizes(text: String, bytes: Int64) {
        #expect(ByteSize.parse(text) == bytes)
    }

    @Test("What is no size is refused", arguments: ["", "MB", "-1", "1XB", "1MiBs", "9223372036854775808", "9999PiB"])
    func noSizes(text: String) {
        #expect(ByteSize.parse(text) == nil)
    }

    @Test(
        "A size that is written reads back",
        arguments: [0, 1, 1_024, 524_288, 1_000_000, 67_108_864, 1 << 50] as [Int64])
    func sizesReadBack(bytes: Int64) {
        #expect(ByteSize.parse(ByteSize.show(bytes)) == bytes)
    }
}
