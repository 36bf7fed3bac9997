// What a fleet of seed peers costs its origin, by how the nodes pick a seed peer: `make bench-hit-rate`. README.md in
// benchmarks tells the method.

import CommandLineInterface
import Dispatch
import Glibc
import SeedSupport

signal(SIGPIPE, SIG_IGN)
let program = Program(HitRateCommand.command, version: "1")
let work = Task { await program.run(Array(CommandLine.arguments.dropFirst())) }

// Cancelled work ends its processes and deletes its files.
let interrupts = [SIGINT, SIGTERM, SIGHUP].map { number in
    signal(number, SIG_IGN)
    let source = DispatchSource.makeSignalSource(signal: number, queue: .global())
    source.setEventHandler { work.cancel() }
    source.resume()
    return source
}

let code = await work.value
withExtendedLifetime(interrupts) { exit(code.number) }
