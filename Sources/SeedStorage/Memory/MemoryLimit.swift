import Glibc
import SeedSupport

/// How much memory this process may use.
package enum MemoryLimit {
    /// The smaller of what the control groups allow and what the machine has, in bytes.
    package static var bytes: Int64 {
        let machine = Int64(sysconf(Int32(_SC_PHYS_PAGES))) * Int64(sysconf(Int32(_SC_PAGESIZE)))
        return groupFiles.compactMap(read).reduce(machine, min)
    }

    /// The limit of our group and of those above it, of version 2, and of version 1's memory controller.
    private static var groupFiles: [String] {
        var files = ["/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory/memory.limit_in_bytes"]
        let own = text("/proc/self/cgroup").split(separator: "\n").first { $0.hasPrefix("0::/") }
        var path = own.map { String($0.dropFirst(3)) } ?? ""
        while path.count > 1 {
            files.append("/sys/fs/cgroup\(path)/memory.max")
            path = String(path[..<(path.lastIndex(of: "/") ?? path.startIndex)])
        }
        return files
    }

    /// Nil without a limit: the file is missing, or holds the word `max`.
    private static func read(_ file: String) -> Int64? {
        text(file).split(separator: "\n").first.flatMap { Int64($0) }
    }

    private static func text(_ file: String) -> String {
        (try? System.readFile(file, limit: 64 << 10))?.description ?? ""
    }
}
