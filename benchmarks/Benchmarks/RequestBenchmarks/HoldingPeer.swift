import Foundation
import SeedTestSupport

/// A seed peer that begins responses and never ends them: this program, started again.
final class HoldingPeer {
    static let command = "hold"

    let url: String
    private let process: ChildProcess
    private let output: FileHandle
    private var requests = 0

    /// - Parameter bytes: sent of each body; 0: not even a head.
    init(sending bytes: Int) throws {
        let pipe = Pipe()
        process = try ChildProcess(Self.program(), [Self.command, "\(bytes)"], output: .pipe(pipe))
        output = pipe.fileHandleForReading
        var line = Data()
        while line.last != UInt8(ascii: "\n") {
            guard let byte = try output.read(upToCount: 1) else { throw FixtureError("the peer did not start") }
            line += byte
        }
        url = "http://127.0.0.1:\(String(decoding: line.dropLast(), as: UTF8.self))"
    }

    deinit { process.kill() }

    static func program() throws -> String {
        try FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")
    }

    /// Returns when so many requests have come in all, and what is sent has been sent.
    func waitForRequests(_ count: Int) throws {
        while requests < count {
            let marks = output.availableData
            guard !marks.isEmpty else { throw FixtureError("the peer has ended") }
            requests += marks.count
        }
    }

    /// The peer's part: prints its port, then a mark for each request.
    static func run() throws -> Never {
        let bytes = CommandLine.arguments.dropFirst(2).first.flatMap { Int($0) } ?? 0
        try allowDescriptors()
        let (listener, port) = try LoopbackSocket.listen()
        var second = timeval(tv_sec: 1, tv_usec: 0)
        setsockopt(listener, SOL_SOCKET, SO_RCVTIMEO, &second, socklen_t(MemoryLayout<timeval>.size))
        let parent = getppid()
        var buffer = [UInt8](repeating: 0, count: 16 << 10)
        let head = Array("HTTP/1.1 200 OK\r\nContent-Length: \(1 << 30)\r\nETag: \"a\"\r\n\r\n".utf8)
        let response = bytes > 0 ? head + [UInt8](repeating: 7, count: bytes) : []
        try FileHandle.standardOutput.write(contentsOf: Data("\(port)\n".utf8))
        // It ends with the program that started it, whatever ends that.
        while getppid() == parent {
            let connection = accept(listener, nil, nil)
            guard connection >= 0 else {
                guard errno == EAGAIN else { throw FixtureError("no connection: \(String(cString: strerror(errno)))") }
                continue
            }
            // The request follows at once. What the kernel doesn't take of the response is nobody's loss.
            recv(connection, &buffer, buffer.count, 0)
            send(connection, response, response.count, Int32(MSG_DONTWAIT) | Int32(MSG_NOSIGNAL))
            try FileHandle.standardOutput.write(contentsOf: Data(".".utf8))
        }
        exit(0)
    }
}

/// As many as may be: soft limits are often 1024.
/// - Returns: how many that is.
@discardableResult
func allowDescriptors() throws -> Int {
    var limits = rlimit()
    getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limits)
    limits.rlim_cur = limits.rlim_max
    guard setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limits) == 0 else {
        throw FixtureError("the limit of descriptors can't be raised: \(String(cString: strerror(errno)))")
    }
    return Int(clamping: limits.rlim_max)
}
