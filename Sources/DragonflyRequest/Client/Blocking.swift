import Dispatch

/// Runs a blocking call on one of Dispatch's threads, at most 64, so that those of Swift's tasks stay free
/// (rule:short-locks).
func blocking<Value: Sendable>(_ body: @escaping @Sendable () throws -> Value) async throws -> Value {
    try await withCheckedThrowingContinuation { continuation in
        DispatchQueue.global().async { continuation.resume(with: Result { try body() }) }
    }
}
