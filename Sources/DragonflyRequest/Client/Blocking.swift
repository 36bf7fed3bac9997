import Dispatch

/// Has a call that blocks done by a thread of Dispatch's, of which there are at most 64: those of Swift's tasks stay free
/// (rule 14).
func blocking<Value: Sendable>(_ body: @escaping @Sendable () throws -> Value) async throws -> Value {
    try await withCheckedThrowingContinuation { continuation in
        DispatchQueue.global().async { continuation.resume(with: Result { try body() }) }
    }
}
