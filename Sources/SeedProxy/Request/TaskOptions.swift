import HTTPSemantics
import HTTPServer
import SeedOrigin

/// What the client's `X-Dragonfly-*` fields say about its task.
struct TaskOptions {
    /// Fixed by the client, in bytes; checked when the task is named.
    var pieceLength: UInt64?
    var tag: String?
    var application: String?
    /// Dragonfly's scale: 6 is demand, lower is less urgent. An invalid value counts as 6.
    var priority = 6
    /// Whether the rest of the object is to be fetched after a range; nil leaves it to the configuration.
    var prefetch: Bool?
    /// The task is named by the SHA-256 of this text.
    var content: String?
    var usesBlobDigest: Bool?
    var usesP2P = false

    init(_ head: RequestHead) {
        guard head.present.hasDragonfly else { return }
        pieceLength = head.text(of: .pieceLength).flatMap(PieceLengthText.bytes)
        tag = head.text(of: .tag)
        application = head.text(of: .application)
        priority = head.text(of: .priority).flatMap { Int($0) } ?? 6
        prefetch = flag(.prefetch, of: head)
        content = head.text(of: .contentForTaskID)
        usesBlobDigest = flag(.blobDigest, of: head)
        usesP2P = flag(.useP2P, of: head) ?? false
    }

    /// Dragonfly's clients read ahead at 3 and below.
    var originPriority: OriginPriority { priority > 3 ? .demand : .prefetch }

    /// `true`, case-insensitively; any other value is false.
    private func flag(_ id: FieldID, of head: RequestHead) -> Bool? {
        head.present.contains(id) ? head.says(id, "true") : nil
    }
}
