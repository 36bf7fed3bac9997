import Glibc
import SeedStorage
import SeedSupport

/// Ranges all over 1 GiB in the page cache, by a server of one thread on loopback, with four clients.
func measureReadPaths(in directory: String, seconds duration: Double) throws {
    let store = try openStore(directory + "/read-paths")
    defer { store.close() }
    let file = try store.createContent(storeKey(1))
    let blocks = try writeWorkingSet(file)
    let (listener, port) = try listen()
    defer { close(listener) }
    for length in [4 << 10, 64 << 10, 1 << 20, 8 << 20] {
        for path in ReadPath.allCases {
            let server = PlatformThread(name: "server") {
                var server = RangeServer(path, file: file, blocks: blocks, length: length)
                do { try server.serve(4, from: listener) } catch { print("the server failed: \(error)") }
            }
            let count = runClients(4, port: port, length: length, seconds: duration)
            server.join()
            report("\(length >> 10) KiB ranges, \(path.rawValue)", Double(count) / duration, "a second")
        }
    }
}

let workingSet = 1 << 30
let blockLength = 256 << 10

private func writeWorkingSet(_ file: ContentFile) throws -> [Bytes] {
    var block = [UInt8](repeating: 0, count: blockLength)
    var blocks: [Bytes] = []
    for number in 0..<workingSet / blockLength {
        for word in 0..<blockLength / 8 {
            let value = UInt64(number * blockLength + word) &* 0x9E37_79B9_7F4A_7C15
            withUnsafeBytes(of: value) { bytes in
                for byte in 0..<8 { block[word * 8 + byte] = bytes[byte] }
            }
        }
        try block.withUnsafeBytes { try file.write($0, at: Int64(number * blockLength)) }
        blocks.append(Bytes(block))
    }
    return blocks
}

/// A listener on loopback.
private func listen() throws -> (socket: Int32, port: in_port_t) {
    let socket = try System.call { Glibc.socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0) }
    var address = loopback(port: 0)
    var length = socklen_t(MemoryLayout<sockaddr_in>.size)
    try withUnsafeMutablePointer(to: &address) {
        try $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { pointer in
            try System.call { bind(socket, pointer, length) }
            try System.call { Glibc.listen(socket, 16) }
            try System.call { getsockname(socket, pointer, &length) }
        }
    }
    return (socket, in_port_t(bigEndian: address.sin_port))
}

private func loopback(port: in_port_t) -> sockaddr_in {
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_port = port.bigEndian
    address.sin_addr.s_addr = in_addr_t(INADDR_LOOPBACK).bigEndian
    return address
}

/// - Returns: how many ranges all clients got.
private func runClients(_ clients: Int, port: in_port_t, length: Int, seconds: Double) -> Int {
    let total = Lock(0)
    let threads = (1...clients).map { seed in
        PlatformThread(name: "client-\(seed)") {
            let count = runClient(port: port, length: length, seconds: seconds, seed: UInt64(seed))
            total.withLock { $0 += count }
        }
    }
    for thread in threads { thread.join() }
    return total.withLock { $0 }
}

private func runClient(port: in_port_t, length: Int, seconds: Double, seed: UInt64) -> Int {
    let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
    defer { close(descriptor) }
    var address = loopback(port: port)
    let isConnected = withUnsafePointer(to: &address) {
        $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
            connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size)) == 0
        }
    }
    guard isConnected else { return 0 }
    var state = seed &* 0x9E37_79B9_7F4A_7C15
    var count = 0
    let start = ContinuousClock.now
    while start.duration(to: .now) < .seconds(seconds) {
        state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
        var offset = (state >> 20) % UInt64(workingSet - length)
        guard send(descriptor, &offset, 8, 0) == 8 else { return count }
        var left = length
        while left > 0 {
            // MSG_TRUNC takes the bytes off the socket without copying them: the client costs as little as can be.
            let taken = recv(descriptor, nil, left, Int32(MSG_TRUNC))
            guard taken > 0 else { return count }
            left -= taken
        }
        count += 1
    }
    return count
}
