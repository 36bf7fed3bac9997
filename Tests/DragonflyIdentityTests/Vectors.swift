import DragonflyIdentity
import Foundation

/// The vectors of Dragonfly's request SDK: `Vectors/request-sdk-vectors.json`, which tells where each comes from.
struct Vectors: Decodable, Sendable {
    let defaultNames: Names
    let taskIDs: [TaskIDVector]
    let variants: [VariantVector]
    let queries: [QueryVector]
    let escapes: [EscapeVector]
    let digests: [DigestVector]
    let sipHashes: [SipHashVector]
    let sipHashReference: SipHashReference
    let rings: [RingVector]
    let layouts: [RingLayoutVector]
    let selections: [SelectionVector]
    let hostIDs: [HostIDVector]

    private enum CodingKeys: String, CodingKey {
        case defaultNames = "default_filtered_query_params"
        case taskIDs = "task_id"
        case variants = "task_id_variant"
        case queries = "filter_query_params"
        case escapes = "query_escape"
        case digests = "digest"
        case sipHashes = "siphash"
        case sipHashReference = "siphash_2_4_reference"
        case rings = "ring"
        case layouts = "ring_layout"
        case selections = "selector"
        case hostIDs = "host_id"
    }

    static let all: Vectors = {
        do {
            guard
                let url = Bundle.module.url(
                    forResource: "request-sdk-vectors", withExtension: "json", subdirectory: "Vectors")
            else { throw CocoaError(.fileNoSuchFile) }
            let decoder = JSONDecoder()
            return try decoder.decode(Vectors.self, from: Data(contentsOf: url))
        } catch {
            fatalError("the vectors cannot be read: \(error)")
        }
    }()

    struct Names: Decodable, Sendable {
        let value: [String]
    }
}

/// A list of names, or the word DEFAULT for Dragonfly's own.
struct FilterField: Decodable, Sendable {
    let names: [String]

    init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        names =
            (try? container.decode(String.self)) == "DEFAULT"
            ? QueryFilter.defaultNames : try container.decode([String].self)
    }
}

struct IdentityInput: Decodable, Sendable {
    let kind: String?
    let url: String?
    let content: String?
    let filter: FilterField?
    let tag: String?
    let application: String?
    let revision: String?
    let pieceLength: UInt64?
    let usesBlobDigest: Bool?
    let replicas: Int?

    private enum CodingKeys: String, CodingKey {
        case kind, url, content, tag, application, revision, replicas
        case filter = "filtered_query_params"
        case pieceLength = "piece_length"
        case usesBlobDigest = "enable_task_id_based_blob_digest"
    }

    func identity(usesBlobDigest: Bool) throws -> TaskIdentity {
        try TaskIdentity(
            url: url ?? "",
            marks: .init(tag: tag, application: application, revision: revision, pieceLength: pieceLength),
            filter: filter.map { QueryFilter($0.names) } ?? .default, content: content, usesBlobDigest: usesBlobDigest)
    }
}

struct TaskIDVector: Decodable, Sendable {
    let input: IdentityInput
    let expected: String?
    let canonical: String?

    private enum CodingKeys: String, CodingKey {
        case input, expected
        case canonical = "canonical_url"
    }
}

struct VariantVector: Decodable, Sendable {
    let input: IdentityInput
    let variant: String
    let expected: String?
    let isError: Bool?

    private enum CodingKeys: String, CodingKey {
        case input, variant, expected
        case isError = "expect_error"
    }
}

struct QueryVector: Decodable, Sendable {
    let url: String
    let filter: FilterField
    let expected: String?

    private enum CodingKeys: String, CodingKey {
        case url, expected
        case filter = "filtered_query_params"
    }
}

struct EscapeVector: Decodable, Sendable {
    let input: String
    let expected: String
}

struct DigestVector: Decodable, Sendable {
    struct Parts: Decodable, Sendable, Equatable {
        let algorithm: String
        let encoded: String
    }

    enum Value: Decodable, Sendable {
        case text(String)
        case flag(Bool)
        case parts(Parts)

        init(from decoder: any Decoder) throws {
            let container = try decoder.singleValueContainer()
            if let text = try? container.decode(String.self) {
                self = .text(text)
            } else if let flag = try? container.decode(Bool.self) {
                self = .flag(flag)
            } else {
                self = .parts(try container.decode(Parts.self))
            }
        }
    }

    let op: String
    let input: Value
    let expected: Value?
    let isBlobURL: Bool?
    let captured: String?

    private enum CodingKeys: String, CodingKey {
        case op, input, expected, captured
        case isBlobURL = "is_blob_url"
    }
}

struct SipHashVector: Decodable, Sendable {
    struct Input: Decodable, Sendable {
        let kind: String
        let id: Int?
        let name: String?
        let key: String?
    }

    let input: Input
    let expected: String
}

struct SipHashReference: Decodable, Sendable {
    let expected: [String]

    private enum CodingKeys: String, CodingKey {
        case expected = "expected_le_bytes"
    }
}

struct RingVector: Decodable, Sendable {
    let level: String
    let virtualNodes: Int
    let nodes: [String]
    let key: String
    let replicas: Int
    let expected: [String]?
    let expectedCount: Int?

    private enum CodingKeys: String, CodingKey {
        case level, nodes, key, replicas, expected
        case virtualNodes = "vnodes_per_host"
        case expectedCount = "expected_count"
    }
}

struct RingLayoutVector: Decodable, Sendable {
    struct Position: Decodable, Sendable {
        let hash: String
        let vnode: String
    }

    let virtualNodes: Int
    let nodes: [String]
    let length: Int
    let first: [Position]
    let last: [Position]

    private enum CodingKeys: String, CodingKey {
        case nodes, length
        case virtualNodes = "vnodes_per_host"
        case first = "first_8"
        case last = "last_4"
    }
}

struct SelectionVector: Decodable, Sendable {
    let nodes: [String]
    let virtualNodes: Int
    let input: IdentityInput
    let expected: [String]
    let taskID: String

    private enum CodingKeys: String, CodingKey {
        case nodes, input, expected
        case virtualNodes = "vnodes_per_host"
        case taskID = "task_id"
    }
}

struct HostIDVector: Decodable, Sendable {
    let ip: String
    let hostname: String
    let isSeedPeer: Bool
    let expected: String

    private enum CodingKeys: String, CodingKey {
        case ip, hostname, expected
        case isSeedPeer = "seed_peer"
    }
}
