// `make bench-request`: what gets by DragonflyRequest cost.
//
//   RequestBenchmarks [memory] [speed] [KiB…]      parts to run (all), sizes of gets (1024 4 64 2048 8192)

let arguments = CommandLine.arguments.dropFirst()
if arguments.first == HoldingPeer.command { try HoldingPeer.run() }
let sizes = arguments.compactMap { Int($0) }
if arguments.first == HeldGets.command { try await HeldGets.run(sizes.first ?? 0) }
if arguments.isEmpty || arguments.contains("memory") { try measureMemory() }
if arguments.isEmpty || arguments.contains("speed") || !sizes.isEmpty {
    try await compareWithCurl(sizes: sizes.isEmpty ? [1024, 4, 64, 2048, 8192] : sizes)
}
