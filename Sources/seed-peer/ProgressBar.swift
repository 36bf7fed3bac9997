import DragonflyRequest
import Foundation
import Synchronization

/// One line on the terminal that tells how far long work is, at most ten times a second.
final class ProgressBar: Sendable {
    private static let interval = Duration.milliseconds(100)
    private static let width = 40

    private let isShown: Bool
    private let started = ContinuousClock.now
    private let last = Mutex<ContinuousClock.Instant?>(nil)

    init(isShown: Bool) {
        self.isShown = isShown
    }

    func show(_ progress: DownloadProgress) { show(progress.received, of: progress.total) }

    /// Both in bytes.
    func show(_ done: Int64, of total: Int64?) {
        guard isShown else { return }
        let now = ContinuousClock.now
        let isDone = done == total
        let isDue = last.withLock { last in
            guard isDone || last.map({ now - $0 >= Self.interval }) ?? true else { return false }
            last = now
            return true
        }
        if isDue { Self.write("\r" + line(done, of: total, after: now - started)) }
    }

    func finish() {
        if isShown, last.withLock({ $0 != nil }) { Self.write("\n") }
    }

    private func line(_ done: Int64, of total: Int64?, after time: Duration) -> String {
        let mebibytes = String(format: "%.1f MiB", Double(done) / 1_048_576)
        let seconds = max(time / .seconds(1), 0.001)
        let speed = String(format: "%.1f MiB/s", Double(done) / 1_048_576 / seconds)
        guard let total, total > 0 else { return "\(mebibytes)  \(speed)  " }
        let share = Double(done) / Double(total)
        let filled = Int(share * Double(Self.width))
        let bar = String(repeating: "#", count: filled) + String(repeating: " ", count: Self.width - filled)
        return "[\(bar)] \(Int(share * 100)) %  \(mebibytes)  \(speed)  "
    }

    private static func write(_ text: String) {
        FileHandle.standardError.write(Data(text.utf8))
    }
}
