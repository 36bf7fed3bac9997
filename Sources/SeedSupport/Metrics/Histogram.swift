import Synchronization

/// How often values fell below each of a few bounds, and their sum.
package final class Histogram: Sendable {
    /// Upper bounds in growing order, each included; above the last one there is one bucket more.
    package let bounds: [Double]
    private let buckets: [Bucket]
    /// In millionths, so that it needs no lock.
    private let sum = Atomic<Int64>(0)

    private final class Bucket: Sendable {
        let count = Atomic<Int64>(0)
    }

    /// Seconds from a tenth of a millisecond to a minute.
    package static let seconds: [Double] = [
        0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60,
    ]

    package init(bounds: [Double] = Histogram.seconds) {
        self.bounds = bounds
        buckets = (0...bounds.count).map { _ in Bucket() }
    }

    package func observe(_ value: Double) {
        let index = bounds.firstIndex { value <= $0 } ?? bounds.count
        buckets[index].count.wrappingAdd(1, ordering: .relaxed)
        sum.wrappingAdd(Int64(value * 1e6), ordering: .relaxed)
    }

    package func observe(_ duration: Duration) {
        observe(duration.inSeconds)
    }

    /// What was observed so far: for each bound how many values did not pass it, how many there were, their sum.
    package var current: (cumulative: [Int64], count: Int64, sum: Double) {
        var (cumulative, count): ([Int64], Int64) = ([], 0)
        for bucket in buckets {
            count += bucket.count.load(ordering: .relaxed)
            cumulative.append(count)
        }
        return (cumulative.dropLast(), count, Double(sum.load(ordering: .relaxed)) / 1e6)
    }
}
