// Exits while its client is at work, as programs do that shut nothing down: after so many microseconds of gets, each over
// a connection of its own.
//
//   ExitingClient http://SEED-PEER URL MICROSECONDS

import DragonflyRequest
import Glibc

let (peer, url, pause) = (CommandLine.arguments[1], CommandLine.arguments[2], UInt32(CommandLine.arguments[3]) ?? 0)
let client = try EndpointClient(
    endpoints: [peer],
    configuration: ClientConfiguration(
        retry: RetryPolicy(maxRetries: 0), idleConnectionsPerPeer: 0, trust: .unverified))
for _ in 0..<4 {
    Task.detached { while true { _ = try? await client.get(GetRequest(url: url)) } }
}
_ = try await client.get(GetRequest(url: url))
usleep(pause)
exit(0)
