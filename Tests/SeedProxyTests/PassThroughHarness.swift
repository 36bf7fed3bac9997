import SeedOrigin
import SeedTestSupport

@testable import SeedProxy

/// Runs a test in a harness without rules, so that nothing goes through the cache, with an origin that plays a script.
func withPassThroughHarness(
    allowing allowed: [String] = ["127.0.0.0/8"],
    configure: @escaping (inout ProxyConfiguration) -> Void = { _ in },
    origins: @escaping (inout OriginConfiguration) -> Void = { _ in },
    _ script: @escaping @Sendable (RawClient) throws -> Void,
    _ body: (ProxyHarness, LoopbackServer, RawClient) async throws -> Void
) async throws {
    try await withHarness(
        allowing: allowed,
        configure: {
            $0.rules = []
            configure(&$0)
        },
        origins: origins,
        { harness in
            let origin = try LoopbackServer(script)
            try await body(harness, origin, try harness.client())
        })
}
