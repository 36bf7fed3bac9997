import DragonflyRequest
import Foundation
import HTTPSemantics

/// The vectors of Dragonfly's request SDK as the public surface sees them. The file lies beside the tests of
/// DragonflyIdentity, which cover what has no public face: SipHash, virtual nodes, escapes, digests.
struct Vectors: Decodable {
    let taskIDs: [TaskIDVector]
    let variants: [VariantVector]
    let queries: [QueryVector]
    let rings: [RingVector]
    let selections: [SelectionVector]
    let headers: [HeaderVector]
    let retries: [RetryVector]
    let retryables: [RetryableVector]
    let delays: [DelayVector]
    let rotations: [RotationVector]
    let formats: [FormatVector]
    let validations: [ValidationVector]
    let defaultNames: Names

    private enum CodingKeys: String, CodingKey {
        case taskIDs = "task_id"
        case variants = "task_id_variant"
        case queries = "filter_query_params"
        case rings = "ring"
        case selections = "selector"
        case headers = "header"
        case retries = "retry"
        case retryables = "is_retryable"
        case delays = "backoff_delays_ms"
        case rotations = "retry_rotation"
        case formats = "endpoint_format"
        case validations = "validation"
        case defaultNames = "default_filtered_query_params"
    }

    static let all: Vectors = {
        let file = URL(filePath: #filePath).deletingLastPathComponent()
            .appending(path: "../DragonflyIdentityTests/Vectors/request-sdk-vectors.json")
        do {
            return try JSONDecoder().decode(Vectors.self, from: Data(contentsOf: file))
        } catch {
            fatalError("the vectors cannot be read: \(error)")
        }
    }()

    struct Names: Decodable {
        let value: [String]
    }
}

/// A list of names, or the word DEFAULT for Dragonfly's own.
struct FilterField: Decodable {
    let names: [String]

    init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        let word = try? container.decode(String.self)
        names =
            word == "DEFAULT" ? GetRequest.defaultFilteredQueryParams : try container.decode([String].self)
    }
}

struct RequestInput: Decodable {
    let kind: String?
    let url: String?
    let content: String?
    let header: [String: String]?
    let filter: FilterField?
    let tag: String?
    let application: String?
    let revision: String?
    let pieceLength: UInt64?
    let usesBlobDigest: Bool?
    let priority: Int32?
    let replicas: Int?

    private enum CodingKeys: String, CodingKey {
        case kind, url, content, header, tag, application, revision, priority, replicas
        case filter = "filtered_query_params"
        case pieceLength = "piece_length"
        case usesBlobDigest = "enable_task_id_based_blob_digest"
    }

    func task(usesBlobDigest: Bool) throws -> DragonflyTask {
        try DragonflyTask(
            url: url ?? "", tag: tag, application: application, revision: revision, pieceLength: pieceLength,
            filteredQueryParams: filter?.names ?? GetRequest.defaultFilteredQueryParams,
            contentForCalculatingTaskID: content, enableTaskIDBasedBlobDigest: usesBlobDigest)
    }

    var request: GetRequest {
        var fields = HTTPFields()
        for (name, value) in header ?? [:] {
            if let name = HTTPField.Name(name) { fields[name] = value }
        }
        return GetRequest(
            url: url ?? "http://127.0.0.1:9/file", headers: fields, pieceLength: pieceLength, tag: tag,
            application: application, filteredQueryParams: filter?.names ?? GetRequest.defaultFilteredQueryParams,
            contentForCalculatingTaskID: content, enableTaskIDBasedBlobDigest: usesBlobDigest ?? true,
            priority: priority, replicas: replicas ?? 2)
    }
}

struct TaskIDVector: Decodable {
    let input: RequestInput
    let expected: String?
    let canonical: String?

    private enum CodingKeys: String, CodingKey {
        case input, expected
        case canonical = "canonical_url"
    }
}

struct VariantVector: Decodable {
    let input: RequestInput
    let variant: String
    let expected: String?
    let error: String?
}

struct QueryVector: Decodable {
    let url: String
    let filter: FilterField
    let expected: String?

    private enum CodingKeys: String, CodingKey {
        case url, expected
        case filter = "filtered_query_params"
    }
}

struct RingVector: Decodable {
    let level: String
    let nodes: [String]
    let key: String
    let replicas: Int
    let expected: [String]?
}

struct SelectionVector: Decodable {
    let nodes: [String]
    let input: RequestInput
    let expected: [String]
    let taskID: String

    private enum CodingKeys: String, CodingKey {
        case nodes, input, expected
        case taskID = "task_id"
    }
}

struct HeaderVector: Decodable {
    struct Refusal: Decodable {
        let error: String?
        let message: String?
        let messagePart: String?
        let status: Int?

        private enum CodingKeys: String, CodingKey {
            case error, message
            case messagePart = "message_contains"
            case status = "status_code"
        }
    }

    struct Answer: Decodable {
        let status: Int
        let type: String?
        let body: String

        private enum CodingKeys: String, CodingKey {
            case status, body
            case type = "X-Dragonfly-Error-Type"
        }
    }

    let op: String
    /// Of `request_headers`.
    let request: (input: RequestInput, expected: [String: String])?
    /// Of `error_from_response`.
    let answer: (input: Answer, expected: Refusal)?

    private enum CodingKeys: String, CodingKey {
        case op, input, expected
    }

    init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        op = try container.decode(String.self, forKey: .op)
        request =
            op == "request_headers"
            ? (
                try container.decode(RequestInput.self, forKey: .input),
                try container.decode([String: String].self, forKey: .expected)
            ) : nil
        answer =
            op == "error_from_response"
            ? (
                try container.decode(Answer.self, forKey: .input),
                try container.decode(Refusal.self, forKey: .expected)
            ) : nil
    }
}

struct RetryVector: Decodable, Sendable {
    let op: String
    let status: Int?
    let type: String?
    let maxRetries: Int
    let calls: Int

    private enum CodingKeys: String, CodingKey {
        case op, status
        case type = "error_type"
        case maxRetries = "max_retries"
        case calls = "expected_calls"
    }
}

struct RetryableVector: Decodable {
    let error: String
    let retryable: Bool
}

struct DelayVector: Decodable {
    let initial: Int?
    let maximum: Int?
    let factor: Double?
    let maxRetries: Int
    let expected: [Int]

    private enum CodingKeys: String, CodingKey {
        case factor, expected
        case initial = "min_ms"
        case maximum = "max_ms"
        case maxRetries = "max_retries"
    }
}

struct RotationVector: Decodable, Sendable {
    let endpoints: [String]
    let maxRetries: Int
    let failures: Int
    let attempts: Int
    let isFine: Bool

    private enum CodingKeys: String, CodingKey {
        case endpoints
        case maxRetries = "max_retries"
        case failures = "transient_failures"
        case attempts = "expected_attempts"
        case isFine = "ok"
    }
}

struct FormatVector: Decodable {
    let scheme: String?
    let ip: String
    let port: Int
    let expected: String
}

struct ValidationVector: Decodable {
    struct Input: Decodable {
        let maxRetries: Int?
        let interval: Int?
        let endpoints: [String]?
        let replicas: Int?

        private enum CodingKeys: String, CodingKey {
            case endpoints, replicas
            case maxRetries = "max_retries"
            case interval = "health_check_interval_s"
        }
    }

    let op: String
    let input: Input
    let expected: String

    private enum CodingKeys: String, CodingKey {
        case op, input
        case expected = "expect_error"
    }
}
