import CPosixIO
package import Glibc

/// System calls as Swift wants them: repeated when a signal interrupts them, errno as a typed error.
///
/// One call each, no policy.
package enum System {
    /// Repeats `call` while a signal interrupts it.
    /// - Throws: errno, when it returns a negative number.
    @discardableResult
    package static func call<Result: SignedInteger>(_ call: () -> Result) throws(Errno) -> Result {
        while true {
            let result = call()
            if result >= 0 { return result }
            let error = Errno.current
            if error != .interrupted { throw error }
        }
    }

    /// The same for the types of most calls: not generic, so it is compiled once and fast.
    @discardableResult
    package static func call(_ call: () -> Int) throws(Errno) -> Int {
        while true {
            let result = call()
            if result >= 0 { return result }
            let error = Errno.current
            if error != .interrupted { throw error }
        }
    }

    // MARK: Files

    package static func open(_ path: String, _ flags: Int32, mode: UInt32 = 0o600) throws(Errno) -> Int32 {
        try call { Glibc.open(path, flags | O_CLOEXEC, mode) }
    }

    /// Not repeated: even if it fails, the descriptor is closed.
    package static func close(_ descriptor: Int32) {
        _ = Glibc.close(descriptor)
    }

    package static func read(_ descriptor: Int32, _ buffer: UnsafeMutableRawBufferPointer) throws(Errno) -> Int {
        try call { Glibc.read(descriptor, buffer.baseAddress, buffer.count) }
    }

    package static func write(_ descriptor: Int32, _ bytes: UnsafeRawBufferPointer) throws(Errno) -> Int {
        try call { Glibc.write(descriptor, bytes.baseAddress, bytes.count) }
    }

    package static func read(
        _ descriptor: Int32, _ buffer: UnsafeMutableRawBufferPointer, at offset: Int64
    ) throws(Errno) -> Int {
        try call { pread(descriptor, buffer.baseAddress, buffer.count, off_t(offset)) }
    }

    package static func write(
        _ descriptor: Int32, _ bytes: UnsafeRawBufferPointer, at offset: Int64
    ) throws(Errno) -> Int {
        try call { pwrite(descriptor, bytes.baseAddress, bytes.count, off_t(offset)) }
    }

    /// Reads what is in memory already (RWF_NOWAIT).
    /// - Throws: EAGAIN when nothing is, EOPNOTSUPP when the file system can't tell.
    package static func readResident(
        _ descriptor: Int32, _ buffer: UnsafeMutableRawBufferPointer, at offset: Int64
    ) throws(Errno) -> Int {
        try call { posix_io_read_resident(descriptor, buffer.baseAddress, buffer.count, offset) }
    }

    /// Gives the blocks of a region back to the file system; the length of the file stays.
    package static func punch(_ descriptor: Int32, at offset: Int64, count: Int64) throws(Errno) {
        try call { posix_io_punch(descriptor, offset, count) }
    }

    package static func truncate(_ descriptor: Int32, to length: Int64) throws(Errno) {
        try call { ftruncate(descriptor, off_t(length)) }
    }

    /// Takes the exclusive lock of the open file (flock).
    /// - Throws: EWOULDBLOCK when another open file has it.
    package static func lockExclusively(_ descriptor: Int32) throws(Errno) {
        try call { flock(descriptor, LOCK_EX | LOCK_NB) }
    }

    package static func unlink(_ path: String) throws(Errno) {
        try call { Glibc.unlink(path) }
    }

    package static func removeDirectory(_ path: String) throws(Errno) {
        try call { rmdir(path) }
    }

    package static func rename(_ path: String, to target: String) throws(Errno) {
        try call { Glibc.rename(path, target) }
    }

    package static func makeDirectory(_ path: String, mode: UInt32 = 0o700) throws(Errno) {
        try call { mkdir(path, mode) }
    }

    package static func status(of path: String) throws(Errno) -> stat {
        var status = stat()
        try call { stat(path, &status) }
        return status
    }

    package static func status(of descriptor: Int32) throws(Errno) -> stat {
        var status = stat()
        try call { fstat(descriptor, &status) }
        return status
    }

    /// Of the link itself, where `path` is one.
    package static func linkStatus(of path: String) throws(Errno) -> stat {
        var status = stat()
        try call { lstat(path, &status) }
        return status
    }

    /// Of the file system that holds `path`.
    package static func volumeStatus(of path: String) throws(Errno) -> statvfs {
        var status = statvfs()
        try call { statvfs(path, &status) }
        return status
    }

    /// - Parameter mode: F_OK, or a combination of R_OK, W_OK and X_OK.
    package static func access(_ path: String, _ mode: Int32) throws(Errno) {
        try call { Glibc.access(path, mode) }
    }

    package static func exists(_ path: String) -> Bool { Glibc.access(path, F_OK) == 0 }

    // MARK: Processes

    /// A pipe, closed on exec.
    package static func pipe() throws(Errno) -> (reading: Int32, writing: Int32) {
        var ends: [Int32] = [-1, -1]
        try call { posix_io_pipe(&ends) }
        return (ends[0], ends[1])
    }

    // MARK: Memory

    /// Maps the first `count` bytes of a file to read them; no bytes without a call when it has none.
    package static func map(_ descriptor: Int32, count: Int) throws(Errno) -> UnsafeRawBufferPointer {
        guard count > 0 else { return UnsafeRawBufferPointer(start: nil, count: 0) }
        let start = mmap(nil, count, PROT_READ, MAP_PRIVATE, descriptor, 0)
        guard let start, start != MAP_FAILED else { throw .current }
        return UnsafeRawBufferPointer(start: start, count: count)
    }

    package static func unmap(_ bytes: UnsafeRawBufferPointer) {
        if let start = bytes.baseAddress { munmap(UnsafeMutableRawPointer(mutating: start), bytes.count) }
    }
}
