import DragonflyIdentity
import Foundation
import HTTPSemantics
import SeedTestSupport
import Testing

@testable import SeedStorage

/// Another process that has a store open: this test program again, told by its environment to be the keeper below.
@Suite("Two processes")
struct ProcessTests {
    private static let variable = "SEED_STORAGE_TEST_KEEPER"
    private static let fifo = "ready"

    @Test("what was put and flushed survives SIGKILL, and a killed process leaves no lock")
    func kill() throws {
        let directory = try TemporaryDirectory()
        let keeper = try startKeeper(in: directory)
        let error = #expect(throws: StorageError.self) { try openStore(in: directory) }
        #expect(error?.kind == .inUse)
        #expect(error?.message.contains("process \(keeper.identifier)") == true)

        keeper.kill()
        try withStore(in: directory) { (store) throws in
            let record = try #require(try store.task(key(1)))
            #expect(try store.pieces(key(1), generation: record.generation, numbers: 0..<2) == [piece(0), piece(1)])
            let file = try store.openContent(key(1), generation: record.generation)
            #expect(try file.read(ByteRange(0, 1_000)) == pattern(1_000))
            #expect(try store.createContent(key(1)).generation > record.generation)
        }
    }

    @Test(
        "(the keeper: runs in the other process only)",
        .enabled(if: ProcessInfo.processInfo.environment[variable] != nil))
    func keeper() throws {
        let path = try #require(ProcessInfo.processInfo.environment[Self.variable])
        let store = try PieceStore.open(.small(at: path + "/store"), logger: quiet)
        let file = try store.createContent(key(1))
        try file.write(pattern(1_000), at: 0)
        store.put(task(key(1), generation: file.generation))
        for number in 0..<2 { store.put(piece(number), of: key(1), generation: file.generation, urgency: .lazy) }
        store.flush()
        // Opening blocks until the parent reads; then there is nothing more to do than to be killed.
        let ready = open(path + "/" + Self.fifo, O_WRONLY)
        _ = write(ready, "x", 1)
        while true { pause() }
    }

    /// Starts the keeper and returns when it has flushed.
    private func startKeeper(in directory: TemporaryDirectory) throws -> ChildProcess {
        let path = directory.path(Self.fifo)
        #expect(mkfifo(path, 0o600) == 0)
        let process = try ChildProcess(
            URL(filePath: "/proc/self/exe").resolvingSymlinksInPath().path, keeperArguments(),
            environment: ProcessInfo.processInfo.environment.merging([Self.variable: directory.path]) { $1 })
        // Not blocking on the open, so that a keeper that dies early fails the test instead of hanging it.
        let reader = open(path, O_RDONLY | O_NONBLOCK)
        var poll = pollfd(fd: reader, events: Int16(POLLIN), revents: 0)
        #expect(Foundation.poll(&poll, 1, 60_000) == 1)
        close(reader)
        return process
    }

    /// This program's own arguments, with the keeper as the only test.
    private func keeperArguments() -> [String] {
        var arguments = Array(CommandLine.arguments.dropFirst())
        while let filter = arguments.firstIndex(of: "--filter") {
            arguments.removeSubrange(filter...min(filter + 1, arguments.count - 1))
        }
        return arguments + ["--filter", "ProcessTests/keeper"]
    }
}
