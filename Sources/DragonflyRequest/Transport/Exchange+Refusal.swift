import HTTPTypes
import NIOCore
import NIOHTTP1

extension Exchange {
    /// Of the body of an answer that is not 2xx, for the message.
    private static let maximumRefusal = 64 << 10
    private static let refusalTimeout = TimeAmount.seconds(5)

    /// What an answer that is not 2xx means. Reads its body, but not for long.
    func refusal(_ head: HTTPResponseHead) async -> DragonflyError {
        let timer = cancel(after: Self.refusalTimeout)
        defer { timer.cancel() }
        var message: [UInt8] = []
        while message.count < Self.maximumRefusal, let chunks = try? await next(waitingFor: 1), !chunks.isEmpty {
            for chunk in chunks { message += chunk.readableBytesView.prefix(Self.maximumRefusal - message.count) }
        }
        // Does nothing when the body is complete: then the connection serves others.
        cancel()
        return DragonflyError(
            status: Int(head.status.code), headers: HTTPFields(head.headers),
            message: String(decoding: message, as: UTF8.self))
    }
}
