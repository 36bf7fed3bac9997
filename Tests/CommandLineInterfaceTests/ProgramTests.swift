import CommandLineInterface
import Testing

@Suite("A program of commands")
struct ProgramTests {
    private let program = Program(Sample.root, version: "1.2.3")

    @Test("A command's output and exit code are the program's")
    func runs() async {
        let recorder = Recorder()
        #expect(await program.run(["get", "u"], console: recorder.console) == ExitCode(3))
        #expect(recorder.output == "u\n" && recorder.errors.isEmpty)
    }

    @Test("Help goes to the output, with exit code 0")
    func help() async {
        let recorder = Recorder()
        #expect(await program.run(["--help"], console: recorder.console) == .success)
        #expect(recorder.output.hasPrefix("OVERVIEW: A program.\n") && recorder.errors.isEmpty)
    }

    @Test("A wrong command line is told of as an error with the usage, with exit code 64")
    func refused() async {
        let recorder = Recorder()
        #expect(await program.run(["store", "verify", "x"], console: recorder.console).number == 64)
        #expect(recorder.output.isEmpty)
        let expected =
            "Error: Unexpected argument 'x'\nUsage: sample store verify\n"
            + "  See 'sample store verify --help' for more information.\n"
        #expect(recorder.errors == expected)
    }

    @Test("A command may find its command line wrong, too")
    func refusedLate() async {
        let recorder = Recorder()
        #expect(await program.run(["store", "repair"], console: recorder.console) == .wrongCommandLine)
        #expect(recorder.errors.hasPrefix("Error: not here.\nUsage: sample store repair\n"))
    }

    @Test("A command that fails ends the program with exit code 1 and its error")
    func fails() async {
        let recorder = Recorder()
        #expect(await program.run(["store", "verify"], console: recorder.console) == .failure)
        #expect(recorder.errors == "Error: it is broken\n")
    }

    @Test("An output that cannot be written is a failure", arguments: [["--help"], ["--version"], ["get", "u"]])
    func unwritable(words: [String]) async {
        let recorder = Recorder(failing: OutputError(reason: "No space left on device"))
        #expect(await program.run(words, console: recorder.console) == .failure)
        #expect(recorder.errors == "Error: the output cannot be written: No space left on device\n")
    }
}
