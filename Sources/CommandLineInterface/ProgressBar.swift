import SeedSupport

/// A progress bar on the terminal, updated at most ten times a second.
package final class ProgressBar: Sendable {
    private static let interval = Duration.milliseconds(100)
    private static let width = 40

    private let isShown: Bool
    private let console: Console
    private let started = MonotonicTime.now()
    private let last = Lock<MonotonicTime?>(nil)

    package init(isShown: Bool, console: Console) {
        self.isShown = isShown
        self.console = console
    }

    /// Both in bytes.
    package func show(_ done: Int64, of total: Int64?) {
        guard isShown else { return }
        let now = MonotonicTime.now()
        let isDone = done == total
        let isDue = last.withLock { last in
            guard isDone || last.map({ now - $0 >= Self.interval }) ?? true else { return false }
            last = now
            return true
        }
        if isDue { console.report("\r" + line(done, of: total, after: now - started), terminator: "") }
    }

    package func finish() {
        if isShown, last.withLock({ $0 != nil }) { console.report("") }
    }

    private func line(_ done: Int64, of total: Int64?, after time: Duration) -> String {
        let mebibytes = "\(Self.tenths(Double(done) / 1_048_576)) MiB"
        let seconds = max(time.inSeconds, 0.001)
        let speed = "\(Self.tenths(Double(done) / 1_048_576 / seconds)) MiB/s"
        guard let total, total > 0 else { return "\(mebibytes)  \(speed)  " }
        let share = min(Double(done) / Double(total), 1)
        let filled = Int(share * Double(Self.width))
        let bar = String(repeating: "#", count: filled) + String(repeating: " ", count: Self.width - filled)
        return "[\(bar)] \(Int(share * 100)) %  \(mebibytes)  \(speed)  "
    }

    /// With one decimal.
    private static func tenths(_ number: Double) -> String {
        let tenths = Int64((number * 10).rounded())
        return "\(tenths / 10).\(tenths % 10)"
    }
}
