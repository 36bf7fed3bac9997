import Glibc
import SeedSupport
import Testing

@Suite struct TimeTests {
    @Test func durationsInUnits() {
        #expect(Duration.milliseconds(1_500).milliseconds == 1_500)
        #expect(Duration.milliseconds(-1_500).milliseconds == -1_500)
        #expect(Duration.microseconds(1_999).milliseconds == 1)
        #expect(Duration.nanoseconds(17).nanoseconds == 17)
        #expect(Duration.seconds(Int64.max).milliseconds == .max)
        #expect(Duration.seconds(Int64.min / 2).nanoseconds == .min)
        #expect(Duration.milliseconds(250).inSeconds == 0.25)
    }

    @Test func timesAddAndSubtract() {
        let start = MonotonicTime(nanoseconds: 1_000)
        #expect(start + .nanoseconds(5) - start == .nanoseconds(5))
        #expect(start - .nanoseconds(1) < start)
        #expect(start + .seconds(Int64.max) == MonotonicTime(nanoseconds: .max))
        #expect(MonotonicTime.now() <= MonotonicTime.now())
        #expect(MonotonicTime(nanoseconds: 2_500_000_000).timespec.tv_nsec == 500_000_000)
    }

    @Test func timestampsCountFrom1970() {
        #expect(Timestamp(seconds: 2).milliseconds == 2_000)
        #expect(Timestamp(milliseconds: 1_999).seconds == 1)
        #expect(Timestamp(milliseconds: -1).seconds == -1)
        #expect(Timestamp(milliseconds: -1_000).seconds == -1)
        #expect(Timestamp(seconds: .max).milliseconds == .max)
        #expect(Timestamp(seconds: 10) - Timestamp(seconds: 4) == .seconds(6))
        #expect(Timestamp(seconds: 10) + .seconds(Int64.max) == Timestamp(milliseconds: .max))
        #expect(Timestamp.now() > Timestamp(seconds: 1_700_000_000))
    }
}

@Suite struct LimitTests {
    private let start = MonotonicTime(nanoseconds: 0)

    @Test func theBucketFillsAtItsRate() {
        var bucket = TokenBucket(rate: 10, capacity: 5, now: start)
        let taken = (0..<6).map { _ in bucket.takeIfThere(1, now: start) }
        #expect(taken == [true, true, true, true, true, false])
        #expect(bucket.delay(until: 1, now: start) == .milliseconds(100))
        let later = [99, 100].map { bucket.takeIfThere(1, now: start + .milliseconds($0)) }
        #expect(later == [false, true])
        // Never more than its capacity, and time that runs backwards brings nothing.
        #expect(bucket.delay(until: 5, now: start + .seconds(100)) == .zero)
        bucket.take(5)
        #expect(bucket.delay(until: 1, now: start) == .milliseconds(100))
    }

    @Test func theNextOneWaitsForWhatWasOverdrawn() {
        var bucket = TokenBucket(rate: 100, capacity: 10, now: start)
        bucket.take(110)
        #expect(bucket.delay(until: 0, now: start) == .seconds(1))
    }

    @Test func aBucketWithoutCapacityPaces() {
        var bucket = TokenBucket(rate: 100, capacity: 0, now: start)
        let pauses = [0, 500, 10_000].map { bucket.take(100, now: start + .milliseconds($0)) }
        // Taken early, it waits for both; taken late, it makes up for nothing.
        #expect(pauses == [.seconds(1), .milliseconds(1_500), .seconds(1)])
    }

    @Test func pausesDouble() {
        let backoff = Backoff(first: .milliseconds(100), longest: .milliseconds(450))
        let pauses = (1...5).map { backoff.pause(afterFailures: $0).milliseconds }
        #expect(pauses == [100, 200, 400, 450, 450])
        #expect(backoff.pause(afterFailures: .max) == .milliseconds(450))
    }
}
