import SeedProxy
import Testing

@testable import SeedServer

@Suite("The block list's file")
struct BlockListFileTests {
    @Test("Dragonfly's form is read")
    func form() throws {
        let list = try BlockListFile.parse(
            """
            seed_client_config:
              block_list:
                task:
                  download: {urls: ['evil\\.example'], applications: [a], tags: [t, u], priorities: [0, 3]}
            """)
        #expect(list.urls == ["evil\\.example"])
        #expect(list.applications == ["a"] && list.tags == ["t", "u"] && list.priorities == [0, 3])
        #expect(try BlockListFile.parse("") == .init())
        #expect(try BlockListFile.parse("seed_client_config: {block_list: {task: {download: }}}") == .init())
    }

    @Test(
        "A file that would block nothing by mistake is refused",
        arguments: [
            "urls: [x]", "seed_client_config: {block_list: {task: {upload: {}}}}",
            "seed_client_config: {block_list: {task: {download: {url: [x]}}}}",
            "seed_client_config: {block_list: {task: {download: {urls: ['(']}}}}",
            "seed_client_config: {block_list: {task: {download: {priorities: [7]}}}}", "a: b: c",
        ])
    func mistakes(_ yaml: String) {
        #expect(throws: ConfigurationError.self) { try BlockListFile.parse(yaml) }
    }

    @Test("The file is named as what it is, with the way out")
    func messages() {
        let missing = #expect(throws: ConfigurationError.self) { try BlockListFile(path: "/nowhere/x.yaml") }
        #expect(missing?.description.hasPrefix("block list /nowhere/x.yaml: ") == true)
        #expect(missing?.description.hasSuffix("; correct proxy.blockList, or leave it out") == true)
        let spoiled = #expect(throws: ConfigurationError.self) { try BlockListFile.parse("a: b: c") }
        #expect(spoiled?.description.hasPrefix("block list: not YAML (line 1, column 5): ") == true)
        let wrong = #expect(throws: ConfigurationError.self) {
            try BlockListFile.parse("seed_client_config: {block_list: {task: {download: {priorities: [7]}}}}")
        }
        #expect(
            wrong?.description
                == "block list.seed_client_config.block_list.task.download.priorities[0]: 7 is not allowed"
                + " (line 1, column 66); allowed: 0–6")
    }

    @Test("A name without a password is no protection, and is refused")
    func halfCredentials() {
        let error = #expect(throws: ConfigurationError.self) {
            try SeedPeerConfiguration.parse("proxy: {server: {basicAuth: {username: u}}}")
        }
        #expect(error?.description.contains("allowed: both username and password, or none") == true)
    }
}
