import CommandLineInterface
import DragonflyIdentity

/// Tells which task a URL is about.
enum TaskIDCommand {
    private static let url = Parameter.argument("url", .text, help: "The URL; left out with --batch.")
    private static let revision = Parameter.option("revision", .text, help: "A revision of a model hub.")
    private static let content = Parameter.option(
        "content", .text, help: "As in X-Dragonfly-Content-For-Calculating-Task-ID.")
    private static let blobDigest = Parameter.invertibleFlag(
        "blob-digest", default: true, help: "Name OCI blobs and manifests by their digest.")
    private static let json = Parameter.flag("json", help: "Print JSON.")
    private static let batch = Parameter.flag("batch", help: "Read one JSON object per line and print one for each.")

    static let command = Command(
        "task-id", abstract: "Print the canonical URL, the task id and the store key of a URL.",
        parameters: [url] + TaskOptions.parameters + [revision, content, blobDigest, json, batch],
        validate: { arguments throws(UsageError) in
            guard (arguments[url] == nil) == arguments[batch] else { throw UsageError("Give a URL or --batch.") }
        }, action: run)

    @Sendable
    private static func run(_ arguments: Arguments, _ console: Console) throws -> ExitCode {
        if arguments[batch] {
            let usesBlobDigest = arguments[blobDigest]
            try JSONLines.run(console) { try answer($0, usesBlobDigest: usesBlobDigest) }
        } else {
            let report = Report(try identity(arguments))
            try console.print(arguments[json] ? try JSONLines.text(report) : report.lines)
        }
        return .success
    }

    private static func identity(_ arguments: Arguments) throws -> TaskIdentity {
        let task = TaskOptions(arguments)
        return try TaskIdentity(
            url: arguments[url] ?? "",
            marks: .init(
                tag: task.tag, application: task.application, revision: arguments[revision],
                pieceLength: task.pieceLength),
            filter: task.filteredNames.map { QueryFilter($0) } ?? .default, content: arguments[content],
            usesBlobDigest: arguments[blobDigest])
    }

    private static func answer(_ request: Request, usesBlobDigest: Bool) throws -> Report {
        switch request.kind {
        case "blob_digest": Report(taskID: try taskID(of: Digest(blobURL: request.url ?? "")))
        case "manifest_digest": Report(taskID: try taskID(of: Digest(manifestURL: request.url ?? "")))
        case let kind:
            Report(try request.identity(usesBlobDigest: kind == nil && request.usesBlobDigest ?? usesBlobDigest))
        }
    }

    private static func taskID(of digest: Digest?) throws -> TaskID {
        guard let digest else { throw UsageError("The URL does not end in an acceptable digest.") }
        return TaskID(digest.encoded)
    }
}

extension TaskIDCommand {
    fileprivate struct Report: Encodable {
        var canonicalURL: String?
        let taskID: String
        var storeKey: String?

        private enum CodingKeys: String, CodingKey {
            case canonicalURL = "canonical_url"
            case taskID = "task_id"
            case storeKey = "store_key"
        }

        init(_ identity: TaskIdentity) {
            canonicalURL = identity.canonicalURL
            taskID = identity.taskID.description
            storeKey = identity.storeKey.hex
        }

        init(taskID: TaskID) {
            self.taskID = taskID.description
        }

        var lines: String {
            "canonical URL: \(canonicalURL ?? "")\ntask id:       \(taskID)\nstore key:     \(storeKey ?? "")"
        }
    }

    /// A line of a batch. Without `kind` the variant is found as for a request.
    fileprivate struct Request: Decodable {
        let kind: String?
        let url: String?
        let content: String?
        let filter: Filter?
        let tag: String?
        let application: String?
        let revision: String?
        let pieceLength: UInt64?
        let usesBlobDigest: Bool?

        private enum CodingKeys: String, CodingKey {
            case kind, url, content, tag, application, revision
            case filter = "filtered_query_params"
            case pieceLength = "piece_length"
            case usesBlobDigest = "enable_task_id_based_blob_digest"
        }

        func identity(usesBlobDigest: Bool) throws -> TaskIdentity {
            try TaskIdentity(
                url: url ?? "",
                marks: .init(tag: tag, application: application, revision: revision, pieceLength: pieceLength),
                filter: filter?.value ?? .default, content: content, usesBlobDigest: usesBlobDigest)
        }
    }

    /// A list of names, or the word DEFAULT.
    fileprivate struct Filter: Decodable {
        let value: QueryFilter

        init(from decoder: any Decoder) throws {
            let container = try decoder.singleValueContainer()
            if let word = try? container.decode(String.self), word == "DEFAULT" {
                value = .default
            } else {
                value = QueryFilter(try container.decode([String].self))
            }
        }
    }
}
