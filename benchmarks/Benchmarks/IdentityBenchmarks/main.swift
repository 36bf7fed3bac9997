// How fast a request gets its identity: `swift run -c release IdentityBenchmarks`.
//
// Goals on one core: 500,000 identities (wire id and store key) per second for plain URLs, 1 µs per ring lookup.
// Measured (two shared cores, Swift 6.3): plain URL 1.5 µs, signed URL 4.7 µs, blob URL 3.5 µs, odd URL 5.3 µs;
// ring lookup of 1, 2, 8 of 8 hosts 0.32, 0.33, 0.56 µs.

import DragonflyIdentity

/// Runs `body` for about a second in five batches, and prints the best batch.
func measure(_ name: String, batch: Int, _ body: (Int) throws -> Int) rethrows {
    var best = Duration.seconds(1000)
    var check = 0
    for _ in 0..<5 {
        let start = ContinuousClock.now
        for index in 0..<batch { check &+= try body(index) }
        best = min(best, start.duration(to: .now))
    }
    let nanoseconds = best / .nanoseconds(1) / Double(batch)
    // The sum keeps the optimiser from leaving the work out.
    print("\(name): \(Int(nanoseconds)) ns each, \(Int(1e9 / nanoseconds)) per second (check \(check))")
}

let plain = (0..<1024).map {
    "https://models.example.com/org/model-\($0)/resolve/main/model-00001-of-00030.safetensors"
}
let signed = (0..<1024).map {
    "https://bucket.s3.amazonaws.com/key-\($0)?X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=c%2F20260101"
        + "&X-Amz-Date=20260101T000000Z&X-Amz-Expires=60&X-Amz-SignedHeaders=host&X-Amz-Signature=abc&versionId=3"
}
let digest = String(repeating: "0123456789abcdef", count: 4)
let blobs = (0..<1024).map { "https://registry.example.com/v2/library/image-\($0)/blobs/sha256:\(digest)" }
let odd = (0..<1024).map { "HTTP://Bücher-\($0).example:80/a/../b?q=ü" }

for (name, urls) in [("plain URL", plain), ("signed URL", signed), ("blob URL", blobs), ("odd URL", odd)] {
    try measure("identity of a \(name)", batch: 100_000) { index in
        try TaskIdentity(url: urls[index & 1023]).credentialParameters.count
    }
}

let ring = HashRing((0..<8).map { "dragonfly-system-seed-client-\($0)" })
let tasks = try plain.map { try TaskIdentity(url: $0).taskID }
for count in [1, 2, 8] {
    measure("ring lookup of \(count) of 8 hosts", batch: 200_000) { index in
        ring.hosts(for: tasks[index & 1023], count: count).count
    }
}
