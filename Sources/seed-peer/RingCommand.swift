import CommandLineInterface
import DragonflyIdentity

/// Tells which hosts of a ring serve a task.
enum RingCommand {
    private static let key = Parameter.argument("key", .text, help: "The task id; left out with --batch.")
    private static let nodes = Parameter.repeated("node", .text, help: "The name of a seed peer; repeat for each.")
    private static let replicas = Parameter.option(
        "replicas", ValueKind<Int>.whole(), default: 2, help: "How many hosts are wanted.")
    private static let batch = Parameter.flag("batch", help: "Read one JSON object per line and print one for each.")

    static let command = Command(
        "ring", abstract: "Print the seed peers that serve a task id, in ring order.",
        parameters: [key, nodes, replicas, batch],
        validate: { arguments throws(UsageError) in
            guard (arguments[key] == nil) == arguments[batch] else { throw UsageError("Give a task id or --batch.") }
        }, action: run)

    @Sendable
    private static func run(_ arguments: Arguments, _ console: Console) throws -> ExitCode {
        let count = arguments[replicas]
        if arguments[batch] {
            try JSONLines.run(console) { answer($0, replicas: count) }
        } else {
            let hosts = HashRing(arguments[nodes]).hosts(forKey: arguments[key] ?? "", count: count)
            for host in hosts { try console.print(host) }
        }
        return .success
    }

    private static func answer(_ request: Request, replicas: Int) -> Report {
        Report(hosts: HashRing(request.nodes).hosts(forKey: request.key, count: request.replicas ?? replicas))
    }

    private struct Request: Decodable {
        let nodes: [String]
        let key: String
        let replicas: Int?
    }

    private struct Report: Encodable {
        let hosts: [String]
    }
}
