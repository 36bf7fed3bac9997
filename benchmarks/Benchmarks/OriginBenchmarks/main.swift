// How fast cold objects come from an origin through a seed peer: `make bench-origin`, or
//
//     OriginBenchmarks [--json] [--quick] [connections] [first-byte] [crowd] [slow-readers]
//
// Without names all four run. Figures are ratios to asking the origin directly, over the same link, in the same run.
// SEED_PEER names the program (.build/release/seed-peer), BENCH_DIR where to work (the system's temporary directory).
//
// The link of 50 ms and 100 MB/s is a relay in this program that holds bytes back: it has the delay of a handshake and of
// each direction and shares its rate between connections, but it has no packets, so TCP's slow start is not in it.

import Foundation

let arguments = Set(CommandLine.arguments.dropFirst())
let isQuick = arguments.contains("--quick")
let names = ["connections", "first-byte", "crowd", "slow-readers"]
let chosen = names.filter(arguments.contains)
signal(SIGPIPE, SIG_IGN)

var figures: [Figure] = []
for name in chosen.isEmpty ? names : chosen {
    FileHandle.standardError.write(Data("\(name)…\n".utf8))
    switch name {
    case "connections": figures += try Connections(isQuick: isQuick).run()
    case "first-byte": figures += try FirstByte(isQuick: isQuick).run()
    case "crowd": figures += try Crowd(isQuick: isQuick).run()
    default: figures += try SlowReaders(isQuick: isQuick).run()
    }
}

if arguments.contains("--json") {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.prettyPrinted, .sortedKeys]
    print(String(decoding: try encoder.encode(figures), as: UTF8.self))
} else {
    for figure in figures { print(figure.line) }
}
exit(figures.allSatisfy { $0.holds != false } ? 0 : 1)
