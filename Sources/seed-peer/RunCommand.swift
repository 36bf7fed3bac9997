import ArgumentParser
import Foundation
import Logging
import SeedServer

/// Serves until SIGTERM or SIGINT. Exit codes: 0 stopped as asked, 1 could not start or failed, 2 configuration refused.
struct RunCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(commandName: "run", abstract: "Serve until told to stop.")

    @Option(
        name: [.short, .long],
        help: "YAML file with Dragonfly's keys. (default: $DFDAEMON_CONFIG, else /etc/dragonfly/dfdaemon.yaml)")
    var config: String?

    @Flag(
        help:
            "No file: all ports on loopback, every URL cached, the store in ./.seed-peer, origins on loopback allowed.")
    var dev = false

    @Option(
        name: [.short, .long],
        help: "trace, debug, info, notice, warning, error or critical. (default: $DFDAEMON_LOG_LEVEL, else info)",
        transform: level)
    var logLevel: Logger.Level?

    @Flag(help: "Accepted for Dragonfly's sake: the log always goes to stderr.")
    var console = false

    func validate() throws {
        if dev && config != nil { throw ValidationError("--dev and --config exclude each other.") }
    }

    func run() async throws {
        let level = try chosenLevel()
        LoggingSystem.bootstrap(StreamLogHandler.standardError)
        var logger = Logger(label: "seed-peer")
        logger.logLevel = level
        do {
            let loaded = try loadConfiguration()
            loaded.notices.forEach { $0.log(to: logger) }
            try await SeedPeer(configuration: loaded.configuration, logger: logger).run()
        } catch let error as ConfigurationError {
            throw Self.failure(error, code: 2)
        } catch {
            throw Self.failure(error, code: 1)
        }
    }

    private func chosenLevel() throws -> Logger.Level {
        try logLevel ?? Self.environment("DFDAEMON_LOG_LEVEL").map(Self.level) ?? .info
    }

    private func loadConfiguration() throws(ConfigurationError) -> SeedPeerConfiguration.Loaded {
        if dev { return .development }
        let fallback = Self.environment("DFDAEMON_CONFIG") ?? "/etc/dragonfly/dfdaemon.yaml"
        return try SeedPeerConfiguration.load(file: config ?? fallback)
    }

    private static func environment(_ name: String) -> String? {
        ProcessInfo.processInfo.environment[name]
    }

    /// `warn` is Dragonfly's word for warning.
    private static func level(_ text: String) throws -> Logger.Level {
        let word = text.lowercased()
        guard let level = Logger.Level(rawValue: word == "warn" ? "warning" : word) else {
            throw ValidationError("\(text) is not a log level.")
        }
        return level
    }

    /// Says on stderr what happened, for people, and makes the exit code.
    private static func failure(_ error: any Error, code: Int32) -> ExitCode {
        FileHandle.standardError.write(Data("seed-peer: \(error)\n".utf8))
        return ExitCode(code)
    }
}

extension ConfigurationNotice {
    fileprivate func log(to logger: Logger) {
        switch weight {
        case .debug: logger.debug("\(text)")
        case .warning: logger.warning("\(text)")
        }
    }
}
