/// The metrics of a program: each is declared once, with its name and meaning, and rendered here.
package final class MetricsRegistry: Sendable {
    /// Names a metric's variant, such as `("outcome", "failed")`.
    package typealias Labels = [(name: String, value: String)]

    private enum Source: Sendable {
        case counter(Counter)
        case gauge(Gauge)
        case counted(@Sendable () -> Int64?)
        case measured(@Sendable () -> Int64?)
        case histogram(Histogram)

        var type: String {
            switch self {
            case .counter, .counted: "counter"
            case .gauge, .measured: "gauge"
            case .histogram: "histogram"
            }
        }
    }

    private struct Family: Sendable {
        let name: String
        let help: String
        var series: [(labels: Labels, source: Source)]
    }

    private let prefix: String
    private let families = Lock<[Family]>([])

    /// - Parameter prefix: put in front of each name.
    package init(prefix: String) {
        self.prefix = prefix
    }

    package func counter(_ name: String, _ help: String, labels: Labels = []) -> Counter {
        let counter = Counter()
        add(name, help, labels, .counter(counter))
        return counter
    }

    package func gauge(_ name: String, _ help: String, labels: Labels = []) -> Gauge {
        let gauge = Gauge()
        add(name, help, labels, .gauge(gauge))
        return gauge
    }

    package func histogram(
        _ name: String, _ help: String, bounds: [Double] = Histogram.seconds, labels: Labels = []
    ) -> Histogram {
        let histogram = Histogram(bounds: bounds)
        add(name, help, labels, .histogram(histogram))
        return histogram
    }

    /// A counter that is kept elsewhere.
    /// - Parameter read: called for each rendering; nil leaves it out.
    package func counted(
        _ name: String, _ help: String, labels: Labels = [], _ read: @escaping @Sendable () -> Int64?
    ) {
        add(name, help, labels, .counted(read))
    }

    /// A gauge that is kept elsewhere.
    /// - Parameter read: called for each rendering; nil leaves it out.
    package func measured(
        _ name: String, _ help: String, labels: Labels = [], _ read: @escaping @Sendable () -> Int64?
    ) {
        add(name, help, labels, .measured(read))
    }

    /// Samples of one name must be adjacent in this format.
    private func add(_ name: String, _ help: String, _ labels: Labels, _ source: Source) {
        families.withLock { families in
            if let index = families.firstIndex(where: { $0.name == name }) {
                families[index].series.append((labels, source))
            } else {
                families.append(Family(name: name, help: help, series: [(labels, source)]))
            }
        }
    }

    /// The Prometheus text exposition format, version 0.0.4. It may call external sources, so call it on an event loop
    /// only if those are quick.
    package func text() -> String {
        families.withLock { $0 }.map(rendered).joined()
    }

    private func rendered(_ family: Family) -> String {
        let name = prefix + family.name
        let lines = family.series.map { series in self.lines(name, series.labels, series.source) }.joined()
        guard !lines.isEmpty else { return "" }
        return "# HELP \(name) \(family.help)\n# TYPE \(name) \(family.series[0].source.type)\n" + lines
    }

    private func lines(_ name: String, _ labels: Labels, _ source: Source) -> String {
        switch source {
        case .counter(let counter): line(name, labels, "\(counter.current)")
        case .gauge(let gauge): line(name, labels, "\(gauge.current)")
        case .counted(let read), .measured(let read): read().map { line(name, labels, "\($0)") } ?? ""
        case .histogram(let histogram): lines(name, labels, histogram)
        }
    }

    private func lines(_ name: String, _ labels: Labels, _ histogram: Histogram) -> String {
        let (cumulative, count, sum) = histogram.current
        let buckets = zip(histogram.bounds, cumulative).map { bound, count in
            line("\(name)_bucket", labels + [("le", "\(bound)")], "\(count)")
        }
        return buckets.joined() + line("\(name)_bucket", labels + [("le", "+Inf")], "\(count)")
            + line("\(name)_sum", labels, "\(sum)") + line("\(name)_count", labels, "\(count)")
    }

    private func line(_ name: String, _ labels: Labels, _ value: String) -> String {
        guard !labels.isEmpty else { return "\(name) \(value)\n" }
        let text = labels.map { "\($0.name)=\"\(Self.escaped($0.value))\"" }.joined(separator: ",")
        return "\(name){\(text)} \(value)\n"
    }

    private static func escaped(_ value: String) -> String {
        value.reduce(into: "") { text, character in
            switch character {
            case "\\": text += "\\\\"
            case "\"": text += "\\\""
            case "\n": text += "\\n"
            default: text.append(character)
            }
        }
    }
}
