import SeedSupport

/// Keeps every line that is logged, at every level, with its metadata.
final class RecordingLog: Sendable {
    private let kept = Lock("")

    var text: String { kept.withLock { $0 } }

    var logger: Logger {
        Logger(label: "test", level: .trace) { [self] entry in
            kept.withLock { $0 += LogText.line(entry) }
        }
    }
}
