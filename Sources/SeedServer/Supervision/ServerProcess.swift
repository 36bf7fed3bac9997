import Glibc
import SeedSupport

/// A server that a supervisor has started: the same program with the same arguments.
struct ServerProcess: Sendable {
    let identifier: pid_t
    let began = MonotonicTime.now()

    /// Starts it with the supervisor's sockets, in a process group of its own: a terminal's signals reach the supervisor, which
    /// passes them on once.
    init(_ arguments: [String], _ sockets: ListeningSockets) throws(Errno) {
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        // Under its own number, so that it stays open in the new program.
        for descriptor in sockets.inherited {
            posix_spawn_file_actions_adddup2(&actions, descriptor, descriptor)
        }
        var attributes = Self.attributes()
        defer { posix_spawnattr_destroy(&attributes) }
        let words = arguments.map { strdup($0) } + [nil]
        let variables = Self.environment().map { strdup($0) } + [strdup(sockets.environmentLine), nil]
        defer { for text in words + variables { free(text) } }
        var identifier: pid_t = 0
        // The file may have been replaced by a later version; this starts the running one.
        let code = posix_spawn(&identifier, "/proc/self/exe", &actions, &attributes, words, variables)
        guard code == 0 else { throw Errno(code) }
        self.identifier = identifier
    }

    func send(_ signal: Int32) {
        kill(identifier, signal)
    }

    /// Nil as long as it runs.
    func end() -> Supervision.End? {
        var status: Int32 = 0
        guard waitpid(identifier, &status, WNOHANG) == identifier else { return nil }
        let signal = status & 0x7f
        return signal == 0 ? .exited(status >> 8 & 0xff) : .killed(signal)
    }

    private static func attributes() -> posix_spawnattr_t {
        var attributes = posix_spawnattr_t()
        posix_spawnattr_init(&attributes)
        posix_spawnattr_setpgroup(&attributes, 0)
        var signals = sigset_t()
        sigemptyset(&signals)
        posix_spawnattr_setsigmask(&attributes, &signals)
        sigfillset(&signals)
        posix_spawnattr_setsigdefault(&attributes, &signals)
        let flags = POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF
        posix_spawnattr_setflags(&attributes, Int16(flags))
        return attributes
    }

    private static func environment() -> [String] {
        var lines: [String] = []
        var entry = environ
        while let line = entry.pointee {
            lines.append(String(cString: line))
            entry += 1
        }
        return lines
    }
}
