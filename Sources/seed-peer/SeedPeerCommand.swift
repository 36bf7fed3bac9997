import ArgumentParser
import SeedServer

@main
struct SeedPeerCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "seed-peer",
        abstract: "A piece cache between clients and origins that speaks Dragonfly 2.x.",
        version: SeedPeer.version,
        subcommands: [
            RunCommand.self, GetCommand.self, LookupCommand.self, ConfigCommand.self, TaskIDCommand.self,
            RingCommand.self, StoreCommand.self,
        ]
    )
}
