// What a fleet of seed peers costs its origin, by how the nodes pick a seed peer: `make bench-hit-rate`. The README.md of
// the benchmarks tells the method.

import CommandLineInterface
import Glibc

signal(SIGPIPE, SIG_IGN)
let program = Program(HitRateCommand.command, version: "1")
let words = Array(CommandLine.arguments.dropFirst())
let code = await Interruptible.run { await program.run(words) }
exit(code.number)
