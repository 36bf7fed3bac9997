import ArgumentParser
import SeedServer

/// Prints the keys of the configuration; `make config` writes the files of `config/` with it.
struct ConfigCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "config", abstract: "Print every configuration key with its default, as YAML.")

    @Flag(help: "Print a table in Markdown instead, with every key of Dragonfly and what becomes of it.")
    var table = false

    func run() {
        print(table ? ConfigurationReference.markdown : ConfigurationReference.yaml, terminator: "")
    }
}
