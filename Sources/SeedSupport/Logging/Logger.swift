/// Writes log lines: a message, key-value pairs, a level below which nothing is formatted or written.
package struct Logger: Sendable {
    /// Severity, in ascending order.
    package enum Level: String, Sendable, CaseIterable, Comparable {
        case trace
        case debug
        case info
        case notice
        case warning
        case error
        case critical

        package static func < (left: Level, right: Level) -> Bool { left.weight < right.weight }

        private var weight: Int {
            switch self {
            case .trace: 0
            case .debug: 1
            case .info: 2
            case .notice: 3
            case .warning: 4
            case .error: 5
            case .critical: 6
            }
        }
    }

    /// In the order they are written in.
    package typealias Metadata = KeyValuePairs<String, String>

    /// One line before it is formatted.
    package struct Entry: Sendable {
        package let time: Timestamp
        package let level: Level
        package let label: String
        package let source: String
        package let message: String
        package let metadata: [(key: String, value: String)]

        package init(
            time: Timestamp, level: Level, label: String, source: String, message: String,
            metadata: [(key: String, value: String)]
        ) {
            self.time = time
            self.level = level
            self.label = label
            self.source = source
            self.message = message
            self.metadata = metadata
        }
    }

    package let label: String
    package var level: Level
    private let sink: @Sendable (Entry) -> Void

    /// - Parameters:
    ///   - label: the program's name, in each line.
    ///   - sink: takes the lines from any thread.
    package init(
        label: String, level: Level = .info, sink: @escaping @Sendable (Entry) -> Void = LogText.writeToStandardError
    ) {
        self.label = label
        self.level = level
        self.sink = sink
    }

    /// Writes nothing.
    package static let quiet = Logger(label: "", level: .critical) { _ in }

    @inline(__always)
    package func log(
        _ level: Level, _ message: @autoclosure () -> String, metadata: @autoclosure () -> Metadata = [:],
        source: @autoclosure () -> String = #fileID
    ) {
        guard level >= self.level else { return }
        write(level, message(), metadata(), source())
    }

    private func write(_ level: Level, _ message: String, _ metadata: Metadata, _ source: String) {
        sink(
            Entry(
                time: .now(), level: level, label: label, source: String(source.prefix { $0 != "/" }),
                message: message, metadata: metadata.map { ($0.key, $0.value) }))
    }
}

extension Logger {
    @inline(__always)
    package func trace(
        _ message: @autoclosure () -> String, metadata: @autoclosure () -> Metadata = [:],
        source: @autoclosure () -> String = #fileID
    ) {
        log(.trace, message(), metadata: metadata(), source: source())
    }

    @inline(__always)
    package func debug(
        _ message: @autoclosure () -> String, metadata: @autoclosure () -> Metadata = [:],
        source: @autoclosure () -> String = #fileID
    ) {
        log(.debug, message(), metadata: metadata(), source: source())
    }

    @inline(__always)
    package func info(
        _ message: @autoclosure () -> String, metadata: @autoclosure () -> Metadata = [:],
        source: @autoclosure () -> String = #fileID
    ) {
        log(.info, message(), metadata: metadata(), source: source())
    }

    @inline(__always)
    package func notice(
        _ message: @autoclosure () -> String, metadata: @autoclosure () -> Metadata = [:],
        source: @autoclosure () -> String = #fileID
    ) {
        log(.notice, message(), metadata: metadata(), source: source())
    }

    @inline(__always)
    package func warning(
        _ message: @autoclosure () -> String, metadata: @autoclosure () -> Metadata = [:],
        source: @autoclosure () -> String = #fileID
    ) {
        log(.warning, message(), metadata: metadata(), source: source())
    }

    @inline(__always)
    package func error(
        _ message: @autoclosure () -> String, metadata: @autoclosure () -> Metadata = [:],
        source: @autoclosure () -> String = #fileID
    ) {
        log(.error, message(), metadata: metadata(), source: source())
    }

    @inline(__always)
    package func critical(
        _ message: @autoclosure () -> String, metadata: @autoclosure () -> Metadata = [:],
        source: @autoclosure () -> String = #fileID
    ) {
        log(.critical, message(), metadata: metadata(), source: source())
    }
}
