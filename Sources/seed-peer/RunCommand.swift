import CommandLineInterface
import Glibc
import SeedServer
import SeedSupport

/// Serves until SIGTERM or SIGINT. Exit codes: 0 stopped as asked, 1 could not start or failed, 2 configuration refused. A
/// supervisor's is that of its server.
enum RunCommand {
    private static let config = Parameter.option(
        "config", short: "c", .file,
        help: "YAML file with Dragonfly's keys. (default: $DFDAEMON_CONFIG, else /etc/dragonfly/dfdaemon.yaml)")
    private static let dev = Parameter.flag(
        "dev",
        help:
            "No file: all ports on loopback, every URL cached, the store in ./.seed-peer, origins on loopback allowed.")
    private static let logLevel = Parameter.option(
        "log-level", short: "l", levels,
        help: "trace, debug, info, notice, warning, error or critical. (default: $DFDAEMON_LOG_LEVEL, else info)")
    private static let supervise = Parameter.flag(
        "supervise",
        help: "Hold the ports in a process of their own, which starts a new server within a second when one crashes.")
    private static let console = Parameter.flag(
        "console", help: "Accepted for Dragonfly's sake: the log always goes to stderr.")

    static let command = Command(
        "run", abstract: "Serve until told to stop.", parameters: [config, dev, logLevel, supervise, console],
        validate: { arguments throws(UsageError) in
            if arguments[dev], arguments[config] != nil { throw UsageError("--dev and --config exclude each other.") }
        }, action: run)

    /// On the main thread, which it blocks for as long as it serves.
    @MainActor
    private static func run(_ arguments: Arguments, _ console: Console) throws -> ExitCode {
        let logger = Logger(label: "seed-peer", level: try level(arguments))
        do {
            let loaded = try configuration(arguments)
            loaded.notices.forEach { $0.log(to: logger) }
            let sockets = try ListeningSockets.inherited()
            if arguments[supervise], sockets == nil {
                let supervisor = Supervisor(
                    configuration: loaded.configuration, arguments: CommandLine.arguments, logger: logger)
                return ExitCode(try supervisor.run())
            }
            try SeedPeer(configuration: loaded.configuration, sockets: sockets ?? ListeningSockets(), logger: logger)
                .run()
            return .success
        } catch let error as ConfigurationError {
            console.report("seed-peer: \(error)")
            return ExitCode(2)
        } catch {
            console.report("seed-peer: \(error)")
            return .failure
        }
    }

    private static func level(_ arguments: Arguments) throws(UsageError) -> Logger.Level {
        if let level = arguments[logLevel] { return level }
        guard let text = environment("DFDAEMON_LOG_LEVEL") else { return .info }
        do {
            return try levels.read(text)
        } catch {
            throw UsageError("DFDAEMON_LOG_LEVEL: \(error.reason ?? text)")
        }
    }

    private static func configuration(
        _ arguments: Arguments
    ) throws(ConfigurationError) -> SeedPeerConfiguration.Loaded {
        if arguments[dev] { return .development }
        let fallback = environment("DFDAEMON_CONFIG") ?? "/etc/dragonfly/dfdaemon.yaml"
        return try SeedPeerConfiguration.load(file: arguments[config] ?? fallback)
    }

    private static func environment(_ name: String) -> String? {
        getenv(name).map { String(cString: $0) }
    }

    /// `warn` is Dragonfly's word for warning.
    private static let levels = ValueKind<Logger.Level>(
        completion: .words(Logger.Level.allCases.map(\.rawValue))
    ) { text throws(ValueProblem) in
        let word = text.lowercased()
        guard let level = Logger.Level(rawValue: word == "warn" ? "warning" : word) else {
            throw ValueProblem("\(text) is not a log level.")
        }
        return level
    }
}

extension ConfigurationNotice {
    fileprivate func log(to logger: Logger) {
        switch weight {
        case .debug: logger.debug(text)
        case .warning: logger.warning(text)
        }
    }
}
