import CPosixIO
package import Foundation
import Glibc
import SeedSupport

/// A program that runs beside the test, killed at the latest when the object goes. It gets no descriptor of ours.
///
/// Not `Foundation.Process`: that looks through /proc/self/fd before each start, and with more than a thousand
/// descriptors open it reads past the end of a buffer, which now and then ended the tests with a SIGSEGV.
package final class ChildProcess: Sendable {
    /// Where what the program writes goes.
    package enum Output {
        case nowhere
        case file(String)
        /// Whose writing end is closed here.
        case pipe(Pipe)
    }

    /// The result of a finished program.
    package struct Outcome: Sendable {
        /// 128 and more: the number of the signal that ended it, plus 128.
        package let code: Int32
        package let output: Data
        package let errors: String

        /// What it wrote to standard output.
        package var text: String { String(decoding: output, as: UTF8.self) }
    }

    package let identifier: Int32
    private let end = End()

    /// Shared with the thread that waits for the program, which must not hold the process itself.
    private final class End: Sendable {
        let code = Lock<Int32?>(nil)
        let changed = Signal()
    }

    /// - Parameters:
    ///   - program: its path; it is not searched for.
    ///   - onEnd: called once, on a thread of its own, when the program is gone.
    package init(
        _ program: String, _ arguments: [String] = [],
        environment: [String: String] = ProcessInfo.processInfo.environment,
        output: Output = .nowhere, errors: Output = .nowhere, onEnd: @escaping @Sendable () -> Void = {}
    ) throws {
        identifier = try Self.spawn(program, [program] + arguments, environment.map { "\($0)=\($1)" }, output, errors)
        Thread.detachNewThread { [identifier, end] in
            var info = siginfo_t()
            while waitid(P_PID, id_t(identifier), &info, WEXITED | WNOWAIT) != 0, errno == EINTR {}
            // Until here the number is the program's, so that no signal can meet another one.
            end.code.withLock { $0 = Self.reap(identifier) }
            end.changed.notify()
            onEnd()
        }
    }

    deinit { kill() }

    package var isRunning: Bool { end.code.withLock { $0 == nil } }

    /// Waits for the end; nil when it does not come in time.
    package func exitCode(within seconds: Double = 60) -> Int32? {
        end.changed.wait(within: seconds) { end.code.withLock { $0 } }
    }

    package func send(_ signal: Int32) {
        end.code.withLock { if $0 == nil { _ = Glibc.kill(identifier, signal) } }
    }

    /// SIGKILL, and waits until the program is gone.
    package func kill() {
        send(SIGKILL)
        _ = exitCode()
    }

    /// Runs a program to its end.
    package static func run(_ program: String, _ arguments: [String]) throws -> Outcome {
        let directory = try TemporaryDirectory()
        let (output, errors) = (directory.path("output"), directory.path("errors"))
        let child = try ChildProcess(program, arguments, output: .file(output), errors: .file(errors))
        guard let code = child.exitCode(within: 120) else { throw FixtureError("\(program) does not come to its end") }
        return Outcome(
            // Not by Foundation, which leaks memory when a file is empty.
            code: code, output: Data(try System.readFile(output, limit: .max)),
            errors: try System.readFile(errors, limit: .max).description)
    }

    private static func reap(_ identifier: pid_t) -> Int32 {
        var status: Int32 = 0
        while waitpid(identifier, &status, 0) < 0, errno == EINTR {}
        return status & 0x7f == 0 ? status >> 8 & 0xff : 128 + status & 0x7f
    }

    private static func spawn(
        _ program: String, _ arguments: [String], _ environment: [String], _ output: Output, _ errors: Output
    ) throws -> pid_t {
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0)
        output.become(1, &actions)
        errors.become(2, &actions)
        posix_io_close_from(&actions, 3)
        var attributes = posix_spawnattr_t()
        posix_spawnattr_init(&attributes)
        defer { posix_spawnattr_destroy(&attributes) }
        // Default signal handling, as from a shell, whatever the tests ignore or block.
        var signals = sigset_t()
        sigemptyset(&signals)
        posix_spawnattr_setsigmask(&attributes, &signals)
        sigfillset(&signals)
        posix_spawnattr_setsigdefault(&attributes, &signals)
        posix_spawnattr_setflags(&attributes, Int16(POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSIGMASK))
        let words = arguments.map { strdup($0) } + [nil]
        let variables = environment.map { strdup($0) } + [nil]
        defer { for text in words + variables { free(text) } }
        var identifier: pid_t = 0
        let code = posix_spawn(&identifier, program, &actions, &attributes, words, variables)
        output.closeOurs()
        errors.closeOurs()
        guard code == 0 else { throw FixtureError("\(program) does not start: \(String(cString: strerror(code)))") }
        return identifier
    }
}

extension ChildProcess.Output {
    fileprivate func become(_ descriptor: Int32, _ actions: inout posix_spawn_file_actions_t) {
        switch self {
        case .nowhere: posix_spawn_file_actions_addopen(&actions, descriptor, "/dev/null", O_WRONLY, 0)
        case .file(let path):
            posix_spawn_file_actions_addopen(&actions, descriptor, path, O_WRONLY | O_CREAT | O_TRUNC, 0o600)
        case .pipe(let pipe):
            posix_spawn_file_actions_adddup2(&actions, pipe.fileHandleForWriting.fileDescriptor, descriptor)
        }
    }

    fileprivate func closeOurs() {
        if case .pipe(let pipe) = self { try? pipe.fileHandleForWriting.close() }
    }
}
