import DragonflyIdentity
import Foundation
import NIOCore
import NIOPosix
import SeedStorage
import Synchronization

/// Where a server takes held bytes from.
enum ReadPath: String, CaseIterable {
    /// Blocks as `ByteBuffer`s.
    case memory
    /// `FileRegion`s of the content file.
    case sendfile
    /// `pread` on the event loop, into buffers that are used again.
    case pread
}

/// Ranges all over 1 GiB in the page cache, through a real SwiftNIO server on loopback: one event loop, four clients.
func measureReadPaths(in directory: String, seconds duration: Double) throws {
    let store = try openStore(directory + "/read-paths")
    defer { store.close() }
    let file = try store.createContent(storeKey(1))
    let blocks = try writeWorkingSet(file)
    let group = MultiThreadedEventLoopGroup(numberOfThreads: 1)
    defer { try? group.syncShutdownGracefully() }
    for length in [4 << 10, 64 << 10, 1 << 20, 8 << 20] {
        for path in ReadPath.allCases {
            let channel = try ServerBootstrap(group: group)
                .serverChannelOption(.backlog, value: 16)
                .childChannelInitializer { channel in
                    channel.eventLoop.makeCompletedFuture {
                        try channel.pipeline.syncOperations.addHandler(
                            RangeHandler(path, file: file, blocks: blocks, length: length))
                    }
                }
                .bind(host: "127.0.0.1", port: 0).wait()
            let count = try runClients(4, port: channel.localAddress?.port ?? 0, length: length, seconds: duration)
            report("\(length >> 10) KiB ranges, \(path.rawValue)", Double(count) / duration, "a second")
            try channel.close().wait()
        }
    }
}

let workingSet = 1 << 30
let blockLength = 256 << 10

private func writeWorkingSet(_ file: ContentFile) throws -> [ByteBuffer] {
    var block = [UInt8](repeating: 0, count: blockLength)
    var blocks: [ByteBuffer] = []
    for number in 0..<workingSet / blockLength {
        for word in 0..<blockLength / 8 {
            let value = UInt64(number * blockLength + word) &* 0x9E37_79B9_7F4A_7C15
            withUnsafeBytes(of: value) { bytes in
                for byte in 0..<8 { block[word * 8 + byte] = bytes[byte] }
            }
        }
        try block.withUnsafeBytes { try file.write($0, at: Int64(number * blockLength)) }
        blocks.append(ByteBuffer(bytes: block))
    }
    return blocks
}

/// Answers each 8 bytes (an offset) with so many bytes from there.
private final class RangeHandler: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    typealias OutboundOut = IOData

    private let path: ReadPath
    private let file: ContentFile
    private let blocks: [ByteBuffer]
    private let length: Int
    private var spare: [ByteBuffer] = []

    init(_ path: ReadPath, file: ContentFile, blocks: [ByteBuffer], length: Int) {
        self.path = path
        self.file = file
        self.blocks = blocks
        self.length = length
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        var question = unwrapInboundIn(data)
        while let offset = question.readInteger(endianness: .little, as: UInt64.self) {
            switch path {
            case .memory: writeMemory(Int(offset), context)
            case .sendfile: writeRegion(Int(offset), context)
            case .pread: writeCopies(Int(offset), context)
            }
        }
        context.flush()
    }

    private func writeMemory(_ offset: Int, _ context: ChannelHandlerContext) {
        var at = offset
        while at < offset + length {
            let inside = at % blockLength
            let count = min(blockLength - inside, offset + length - at)
            if let slice = blocks[at / blockLength].getSlice(at: inside, length: count) {
                context.write(wrapOutboundOut(.byteBuffer(slice)), promise: nil)
            }
            at += count
        }
    }

    private func writeRegion(_ offset: Int, _ context: ChannelHandlerContext) {
        let region = FileRegionRef(lease: file.lease(), offset: Int64(offset), count: length)
        let promise = context.eventLoop.makePromise(of: Void.self)
        promise.futureResult.whenComplete { [lease = region.lease] _ in withExtendedLifetime(lease) {} }
        context.write(wrapOutboundOut(.fileRegion(region.fileRegion(on: context.eventLoop))), promise: promise)
    }

    private func writeCopies(_ offset: Int, _ context: ChannelHandlerContext) {
        var at = offset
        let loopBound = NIOLoopBound(self, eventLoop: context.eventLoop)
        while at < offset + length {
            let count = min(blockLength, offset + length - at)
            var buffer = spare.popLast() ?? context.channel.allocator.buffer(capacity: blockLength)
            buffer.clear()
            buffer.writeWithUnsafeMutableBytes(minimumWritableBytes: count) { space in
                (try? file.read(into: UnsafeMutableRawBufferPointer(rebasing: space[..<count]), at: Int64(at))) ?? 0
            }
            let promise = context.eventLoop.makePromise(of: Void.self)
            promise.futureResult.whenSuccess { [buffer] in
                if loopBound.value.spare.count < 64 { loopBound.value.spare.append(buffer) }
            }
            context.write(wrapOutboundOut(.byteBuffer(buffer)), promise: promise)
            at += count
        }
    }
}

/// - Returns: how many ranges all clients got.
private func runClients(_ clients: Int, port: Int, length: Int, seconds: Double) throws -> Int {
    let total = Mutex(0)
    let threads = DispatchGroup()
    for client in 0..<clients {
        threads.enter()
        Thread.detachNewThread {
            let count = runClient(port: port, length: length, seconds: seconds, seed: UInt64(client + 1))
            total.withLock { $0 += count }
            threads.leave()
        }
    }
    threads.wait()
    return total.withLock { $0 }
}

private func runClient(port: Int, length: Int, seconds: Double, seed: UInt64) -> Int {
    let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
    defer { close(descriptor) }
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_port = in_port_t(port).bigEndian
    address.sin_addr.s_addr = in_addr_t(INADDR_LOOPBACK).bigEndian
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
