import CommandLineInterface
import SeedServer

/// Prints the keys of the configuration; `make config` writes the files of `config/` with it.
enum ConfigCommand {
    private static let table = Parameter.flag(
        "table", help: "Print a table in Markdown instead, with every key of Dragonfly and what becomes of it.")

    static let command = Command(
        "config", abstract: "Print every configuration key with its default, as YAML.", parameters: [table]
    ) { arguments, console in
        let text = arguments[table] ? ConfigurationReference.markdown : ConfigurationReference.yaml
        try console.print(text, terminator: "")
        return .success
    }
}
