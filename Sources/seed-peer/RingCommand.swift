import ArgumentParser
import DragonflyIdentity

/// Tells which hosts of a ring serve a task.
struct RingCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "ring", abstract: "Print the seed peers that serve a task id, in ring order.")

    @Argument(help: "The task id; left out with --batch.")
    var key: String?

    @Option(name: .customLong("node"), help: "The name of a seed peer; repeat for each.")
    var nodes: [String] = []

    @Option(help: "How many hosts are wanted.")
    var replicas = 2

    @Flag(help: "Read one JSON object per line and print one for each.")
    var batch = false

    func validate() throws {
        guard (key == nil) == batch else { throw ValidationError("Give a task id or --batch.") }
    }

    func run() throws {
        if batch { return try JSONLines.run(answer) }
        HashRing(nodes).hosts(forKey: key ?? "", count: replicas).forEach { print($0) }
    }

    private func answer(_ request: Request) -> Report {
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
