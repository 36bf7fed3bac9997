import ArgumentParser
import DragonflyIdentity
import Foundation

/// Tells which task a URL is about.
struct TaskIDCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "task-id", abstract: "Print the canonical URL, the task id and the store key of a URL.")

    @Argument(help: "The URL; left out with --batch.")
    var url: String?

    @OptionGroup var task: TaskOptions

    @Option(help: "A revision of a model hub.")
    var revision: String?

    @Option(help: "As in X-Dragonfly-Content-For-Calculating-Task-ID.")
    var content: String?

    @Flag(inversion: .prefixedNo, help: "Name OCI blobs and manifests by their digest.")
    var blobDigest = true

    @Flag(help: "Print JSON.")
    var json = false

    @Flag(help: "Read one JSON object per line and print one for each.")
    var batch = false

    func validate() throws {
        guard (url == nil) == batch else { throw ValidationError("Give a URL or --batch.") }
    }

    func run() throws {
        if batch { return try JSONLines.run(answer) }
        let identity = try TaskIdentity(
            url: url ?? "",
            marks: .init(
                tag: task.tag, application: task.application, revision: revision, pieceLength: task.pieceLength),
            filter: task.filteredNames.map { QueryFilter($0) } ?? .default, content: content,
            usesBlobDigest: blobDigest)
        let report = Report(identity)
        print(json ? try JSONLines.text(report) : report.lines)
    }

    private func answer(_ request: Request) throws -> Report {
        switch request.kind {
        case "blob_digest": Report(taskID: try digest(Digest(blobURL: request.url ?? "")))
        case "manifest_digest": Report(taskID: try digest(Digest(manifestURL: request.url ?? "")))
        case let kind: Report(try request.identity(usesBlobDigest: kind == nil && request.usesBlobDigest ?? true))
        }
    }

    private func digest(_ digest: Digest?) throws -> TaskID {
        guard let digest else { throw ValidationError("The URL does not end in an acceptable digest.") }
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
