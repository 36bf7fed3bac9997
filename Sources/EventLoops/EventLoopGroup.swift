import CPosixIO
import Glibc
import SeedSupport

/// A loop for each core that the process may use.
package final class EventLoopGroup: Sendable {
    package let loops: [EventLoop]

    /// - Parameters:
    ///   - count: of loops, at least 1; nil: one for each core.
    ///   - name: of their threads, with a number behind it.
    package init(count: Int? = nil, name: String, tickInterval: Duration = .seconds(1)) {
        loops = (0..<max(count ?? Self.availableCores, 1)).map { number in
            EventLoop(name: "\(name)-\(number)", tickInterval: tickInterval)
        }
    }

    /// Cores by affinity and cgroup quota, at least 1: what a container may really use.
    package static var availableCores: Int {
        let processors = max(1, Int(posix_io_processors()))
        guard let quota = CPUQuota.ofThisProcess() else { return processors }
        return max(1, min(processors, Int(quota.rounded(.up))))
    }

    /// Ends all loops and waits for that. Not from one of them.
    package func stop() {
        for loop in loops { loop.stop() }
    }
}

/// The CPU quota of a control group.
enum CPUQuota {
    /// In cores; nil when there is no limit, or none can be read.
    static func ofThisProcess() -> Double? {
        if let text = text("/sys/fs/cgroup/cpu.max") { return version2(text) }
        guard let quota = text("/sys/fs/cgroup/cpu/cpu.cfs_quota_us"),
            let period = text("/sys/fs/cgroup/cpu/cpu.cfs_period_us")
        else { return nil }
        return version2("\(quota) \(period)")
    }

    /// `cpu.max` of version 2: `max 100000` or `150000 100000`.
    static func version2(_ text: String) -> Double? {
        let parts = text.split(whereSeparator: \.isWhitespace)
        guard parts.count == 2, let quota = Double(parts[0]), let period = Double(parts[1]), quota > 0, period > 0
        else {
            return nil
        }
        return quota / period
    }

    private static func text(_ path: String) -> String? {
        (try? System.readFile(path, limit: 4_096))?.description
    }
}
