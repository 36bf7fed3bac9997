import CommandLineInterface
import Glibc
import SeedServer

@main
enum SeedPeerCommand {
    static let program = Program(
        Command(
            "seed-peer", abstract: "A piece cache between clients and origins that speaks Dragonfly 2.x.",
            subcommands: [
                RunCommand.command, ConfigCommand.command, TaskIDCommand.command, RingCommand.command,
                GetCommand.command, LookupCommand.command, StoreCommand.command,
            ]),
        version: SeedPeer.version)

    static func main() async {
        exit(await program.run(Array(CommandLine.arguments.dropFirst())).number)
    }
}
